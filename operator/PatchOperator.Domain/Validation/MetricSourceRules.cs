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
        CheckProvider(path, metric, provider, problems);
        CheckSurfaceNames($"{path}.surfaces", metric.Surfaces, problems);
        CheckArgs($"{path}.args", metric.Args, problems);
        if (metric.Preset is not null)
        {
            CheckPreset(path, metric, spec, problems);
            return;
        }

        if (metric.FailureClass is not null)
        {
            problems.Invalid($"{path}.failureClass", "belongs to a preset; write what counts as a failure into the failures query, or a preset");
        }

        foreach (var (field, query) in new[] { ("failures", metric.Failures), ("total", metric.Total) })
        {
            if (problems.Required($"{path}.{field}", query, "write a query, or a preset instead of failures and total"))
            {
                CheckQuery($"{path}.{field}", query!, metric, provider, problems);
            }
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
