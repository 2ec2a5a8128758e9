using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Analysis;

/// <summary>Who is asked for a metric's numbers.</summary>
public enum MetricSource
{
    Prometheus,
    PodMetrics,

    /// <summary>The operator's own synthetic requests.</summary>
    Probe,
}

/// <summary>What is asked for one metric, whether the spec wrote it out or named a preset.</summary>
public sealed record MetricQueries
{
    public required MetricSource Source { get; init; }

    /// <summary>PromQL for Prometheus, a series selector for the pods' own metrics.</summary>
    public required string Failures { get; init; }

    public required string Total { get; init; }

    /// <summary>Asked instead of failures and total: PromQL that answers with one number.</summary>
    public string? Value { get; init; }

    /// <summary>Failures selects the requests that did <em>not</em> fail. Pods' selectors cannot subtract.</summary>
    public bool CountsTheRest { get; init; }

    public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>();

    /// <summary>The probe whose results these are.</summary>
    public ProbeSpec? Probe { get; init; }

    /// <summary>Patterns of the paths of the metric's surfaces; none for all paths.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Asked of Prometheus, about pods by name.</summary>
    public bool CountsByPod => Source == MetricSource.Prometheus
        && ((string?[])[Failures, Total, Value]).Any(text => text is not null && QueryTemplate.TryParse(text, Args, out var template, out _) && template.Uses("pods"));

    /// <param name="metric">A metric that has passed validation.</param>
    /// <param name="analysis">The analysis that it is part of.</param>
    public static MetricQueries Of(MetricSpec metric, AnalysisSpec analysis)
    {
        var source = SourceOf(metric, analysis.Provider);
        IReadOnlyList<string> paths = [.. (metric.Surfaces ?? []).SelectMany(surface => PathsOf(surface, analysis)).Distinct(StringComparer.Ordinal).Select(Surfaces.Pattern)];
        var queries = new MetricQueries
        {
            Source = source,
            Failures = metric.Failures ?? "",
            Total = metric.Total ?? "",
            Value = metric.Gauge?.Value,
            Args = metric.Args ?? new Dictionary<string, string>(),
            Paths = paths,
            Probe = metric.Probe is null ? null : analysis.Probes?.FirstOrDefault(probe => probe.Name == metric.Probe),
        };
        var preset = MetricPresets.Find(metric.Preset);
        if (metric.Latency is { } latency)
        {
            return LatencyQueries.Of(latency, preset, queries);
        }

        if (preset is null)
        {
            return queries;
        }

        var failures = FailureClassOf(metric);
        return source == MetricSource.Prometheus
            ? queries with { Failures = preset.FailuresQuery(failures, paths.Count > 0), Total = preset.TotalQuery(paths.Count > 0) }
            : queries with { Failures = PodSelector(failures, paths.Count > 0), Total = PodSelector(null, paths.Count > 0) };
    }

    /// <summary>The source that the metric names, else the only one there is; with both, the preset podMetrics reads the pods and everything else asks Prometheus.</summary>
    public static MetricSource SourceOf(MetricSpec metric, MetricProviderSpec? provider) => metric.Source switch
    {
        _ when metric.Probe is not null => MetricSource.Probe,
        _ when metric.Gauge is not null => MetricSource.Prometheus,
        nameof(MetricSource.PodMetrics) => MetricSource.PodMetrics,
        nameof(MetricSource.Prometheus) => MetricSource.Prometheus,
        _ => provider?.PodMetrics is not null && (provider.Prometheus is null || metric.Preset == MetricPresets.PodMetrics) ? MetricSource.PodMetrics : MetricSource.Prometheus,
    };

    public static FailureClass FailureClassOf(MetricSpec metric) =>
        metric.FailureClass == nameof(FailureClass.ClientErrors) ? FailureClass.ClientErrors : FailureClass.ServerErrors;

    private static IReadOnlyList<string> PathsOf(string surface, AnalysisSpec analysis) =>
        analysis.Surfaces?.FirstOrDefault(own => own.Name == surface)?.Paths is { Count: > 0 } paths ? paths : Surfaces.PathsOf(surface);

    /// <summary>The counter that most HTTP libraries' conventions share, as the pod itself has it: no namespace and no pod in its labels.</summary>
    private static string PodSelector(FailureClass? failures, bool bySurface)
    {
        string?[] conditions =
        [
            failures is { } counted ? $"status=~\"{MetricPresets.Statuses(counted)}\"" : null,
            bySurface ? "path=~\"{{ paths }}\"" : null,
        ];
        var written = conditions.OfType<string>().ToList();
        return "http_requests_total" + (written.Count == 0 ? "" : $"{{{string.Join(',', written)}}}");
    }
}
