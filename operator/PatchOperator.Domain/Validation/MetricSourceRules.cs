using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Whom a metric asks and what for: a preset or queries of its own, all variables known, and the path where it needs one.</summary>
internal static class MetricSourceRules
{
    public static void Check(string path, MetricSpec metric, EmergencyPatchSpec spec, ProblemList problems)
    {
        var provider = spec.Analysis?.Provider;
        problems.OneOf($"{path}.source", metric.Source, nameof(MetricSource.Prometheus), nameof(MetricSource.PodMetrics));
        problems.OneOf($"{path}.failureClass", metric.FailureClass, nameof(FailureClass.ServerErrors), nameof(FailureClass.ClientErrors));
        if (metric.Probe is not null)
        {
            CheckProbe(path, metric, spec.Analysis!, problems);
            return;
        }

        CheckProvider(path, metric, provider, problems);
        CheckSurfaceNames($"{path}.surfaces", metric.Surfaces, problems);
        CheckArgs($"{path}.args", metric.Args, problems);
        CheckLatency($"{path}.latency", metric, problems);
        if (metric.Gauge is { } gauge)
        {
            CheckGauge(path, metric, gauge, provider, problems);
            return;
        }

        if (metric.Preset is not null)
        {
            CheckPreset(path, metric, spec, problems);
            return;
        }

        if (metric.FailureClass is not null)
        {
            problems.Invalid($"{path}.failureClass", "belongs to a preset; write what counts as a failure into the failures query, or a preset");
        }

        if (metric.Latency is not null)
        {
            return;
        }

        foreach (var (field, query) in new[] { ("failures", metric.Failures), ("total", metric.Total) })
        {
            if (problems.Required($"{path}.{field}", query, "write a query, or a preset instead of failures and total"))
            {
                CheckQuery($"{path}.{field}", query!, metric, provider, problems);
            }
        }
    }

    private static void CheckProbe(string path, MetricSpec metric, AnalysisSpec analysis, ProblemList problems)
    {
        if (metric is not { Preset: null, Latency: null, Gauge: null, Failures: null, Total: null, Source: null, FailureClass: null, Surfaces: null, Args: null })
        {
            problems.Invalid(path, "takes its numbers from a probe and from elsewhere; write probe alone, without preset, latency, gauge, failures, total, source, failureClass, surfaces and args");
        }

        if (!(analysis.Probes ?? []).Any(probe => probe?.Name == metric.Probe))
        {
            var known = (analysis.Probes ?? []).Select(probe => probe?.Name).OfType<string>().ToList();
            problems.Invalid($"{path}.probe", $"'{metric.Probe}' is not among spec.analysis.probes; {(known.Count > 0 ? $"write {Words.Or(known)}" : "describe it there")}");
        }
    }

    private static void CheckProvider(string path, MetricSpec metric, MetricProviderSpec? provider, ProblemList problems)
    {
        if (metric.Source == nameof(MetricSource.Prometheus) && provider?.Prometheus is null)
        {
            problems.Invalid($"{path}.source", "is Prometheus, and there is none; write provider.prometheus, or leave source out");
        }
        else if (metric.Source == nameof(MetricSource.PodMetrics) && provider?.PodMetrics is null)
        {
            problems.Invalid($"{path}.source", "is PodMetrics, and where they are is not said; write provider.podMetrics, or leave source out");
        }
    }

    private static void CheckGauge(string path, MetricSpec metric, GaugeSpec gauge, MetricProviderSpec? provider, ProblemList problems)
    {
        if (provider?.Prometheus is null || metric.Source == nameof(MetricSource.PodMetrics))
        {
            problems.Invalid($"{path}.gauge", "is asked of Prometheus, since only a query can say how the values of several pods become one; write provider.prometheus, and no other source");
        }

        if (problems.Required($"{path}.gauge.value", gauge.Value, "write PromQL that answers with one number, such as avg(phpfpm_listen_queue{namespace=\"{{ namespace }}\",pod=~\"{{ pods }}\"})"))
        {
            CheckQuery($"{path}.gauge.value", gauge.Value!, metric, provider, problems);
        }
    }

    private static void CheckLatency(string path, MetricSpec metric, ProblemList problems)
    {
        if (metric.Latency is not { } latency)
        {
            return;
        }

        if (latency.SlowerThan is null)
        {
            problems.Invalid($"{path}.slowerThan", "is missing; write a bound of the histogram's buckets, such as 500ms");
        }

        problems.Duration($"{path}.slowerThan", latency.SlowerThan, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        if (metric.FailureClass is not null)
        {
            problems.Invalid(path, "counts slow requests, and failureClass failed ones; write two metrics, or leave one out");
        }

        if (metric.Preset is null)
        {
            if (problems.Required($"{path}.histogram", latency.Histogram, "write the histogram's name without _bucket, such as http_request_duration_seconds, or a preset")
                && !Shapes.MetricName().IsMatch(latency.Histogram!))
            {
                problems.Invalid($"{path}.histogram", $"'{latency.Histogram}' is not the name of a histogram; write it without _bucket and labels, such as http_request_duration_seconds");
            }

            if (metric.Failures is not null || metric.Total is not null)
            {
                problems.Invalid(path, "makes failures and total itself; write either latency, or the two queries");
            }
        }
        else if (latency.Histogram is not null)
        {
            problems.Invalid($"{path}.histogram", $"is known to preset {metric.Preset}; leave it out, or the preset");
        }
    }

    private static void CheckPreset(string path, MetricSpec metric, EmergencyPatchSpec spec, ProblemList problems)
    {
        if (metric.Failures is not null || metric.Total is not null)
        {
            problems.Invalid(path, $"has preset {metric.Preset} and queries of its own; write either the preset, or failures and total");
        }

        if (metric.Args is { Count: > 0 })
        {
            problems.Invalid($"{path}.args", "are values for queries of your own, and the preset has none; leave them out");
        }

        if (MetricPresets.Find(metric.Preset) is not { } preset)
        {
            return;
        }

        if (preset.Name != MetricPresets.PodMetrics && MetricQueries.SourceOf(metric, spec.Analysis?.Provider) == MetricSource.PodMetrics)
        {
            problems.Invalid($"{path}.preset", $"{preset.Name} is a set of Prometheus queries; write provider prometheus, or preset podMetrics");
        }

        if (preset.Needs == PresetNeeds.CanaryService && spec.Canary?.Traffic is not { HttpRoute: not null } and not { HttpRoutes.Count: > 0 } and not { Ingress: not null })
        {
            problems.Invalid($"{path}.preset", $"{preset.Name} tells canary from stable by their Services, and with replicaRatio both are behind one; write canary.traffic.httpRoute or ingress, or preset podMetrics");
        }

        if (metric.Latency is not null && preset.Histogram is null)
        {
            problems.Invalid($"{path}.latency", $"cannot be had from {preset.Name}, which has no histogram by endpoint; name a histogram of the pods' own, without the preset");
        }

        if (preset.NoClientErrors is { } reason && MetricQueries.FailureClassOf(metric) == FailureClass.ClientErrors)
        {
            problems.Invalid($"{path}.failureClass", $"ClientErrors cannot be had from {preset.Name}: {reason}; write failures and total, or preset podMetrics");
        }

        if (metric.Surfaces is { Count: > 0 } && preset.PathLabel is null)
        {
            problems.Invalid(
                $"{path}.surfaces",
                $"{preset.Name} does not count by path; write preset podMetrics, or failures and total over a metric that has one, with path=~\"{{{{ paths }}}}\"");
        }
    }

    private static void CheckSurfaceNames(string path, IReadOnlyList<string>? surfaces, ProblemList problems)
    {
        foreach (var (index, surface) in surfaces.Numbered())
        {
            problems.OneOf($"{path}[{index}]", surface, Surfaces.Names);
        }

        problems.Unique(path, surfaces, surface => surface);
    }

    private static void CheckArgs(string path, IReadOnlyDictionary<string, string>? args, ProblemList problems)
    {
        if (args?.Count > 20)
        {
            problems.Invalid(path, $"has {args.Count} values; write at most 20");
        }

        foreach (var (name, value) in args ?? new Dictionary<string, string>())
        {
            if (!Shapes.ArgName().IsMatch(name))
            {
                problems.Invalid($"{path}.{name}", "cannot be used as {{ args.NAME }}; write letters, digits and '_', with no digit first");
            }

            problems.Length($"{path}.{name}", value ?? "", 1024);
        }
    }

    private static void CheckQuery(string path, string query, MetricSpec metric, MetricProviderSpec? provider, ProblemList problems)
    {
        problems.Length(path, query, 4096);
        if (!QueryTemplate.TryParse(query, metric.Args ?? new Dictionary<string, string>(), out var template, out var error))
        {
            problems.Invalid(path, error);
            return;
        }

        if (metric.Surfaces is { Count: > 0 } && !template.Uses("paths"))
        {
            problems.Invalid(path, "counts all paths, although surfaces are given; write a condition such as path=~\"{{ paths }}\", or leave surfaces out");
        }

        if (MetricQueries.SourceOf(metric, provider) == MetricSource.PodMetrics && !SeriesSelector.TryParse(template.Render(Anything(metric)), out _, out error))
        {
            problems.Invalid(path, $"with podMetrics write a series and its labels, and no PromQL functions. {error}");
        }
    }

    /// <summary>Something for each variable, to check the form of what comes out.</summary>
    private static QueryVariables Anything(MetricSpec metric) => new()
    {
        Namespace = "x",
        Workload = "x",
        Pods = ["x"],
        Track = "x",
        Window = TimeSpan.FromMinutes(1),
        Deployments = ["x"],
        Services = ["x"],
        PodIps = ["10.0.0.1"],
        Paths = ["/x"],
        Args = metric.Args ?? new Dictionary<string, string>(),
    };
}
