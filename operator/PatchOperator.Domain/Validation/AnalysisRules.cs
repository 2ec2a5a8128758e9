using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What proves the canary healthy. A patch without a metric would be promoted on no evidence at all.</summary>
internal static class AnalysisRules
{
    private const string Path = "spec.analysis";

    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        if (spec.Analysis is not { } analysis)
        {
            problems.Invalid(Path, "is missing; write a provider and at least one metric, since no data is never good");
            return;
        }

        if (analysis.Provider is not null || analysis.Metrics is not { Count: > 0 } || analysis.Metrics.Any(metric => metric?.Probe is null))
        {
            ProviderRules.Check($"{Path}.provider", analysis.Provider ?? new(), problems);
        }

        problems.Duration($"{Path}.interval", analysis.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckShare($"{Path}.falseRevertRate", analysis.FalseRevertRate, 0.5, "0.1%", problems);
        CheckShare($"{Path}.worthCatching", analysis.WorthCatching, 0.5, "1%", problems);
        if (analysis.Metrics is not { Count: > 0 })
        {
            problems.Invalid($"{Path}.metrics", "is empty; write at least one metric, since no data is never good");
        }

        problems.AtMost($"{Path}.metrics", analysis.Metrics, 20);
        foreach (var (index, metric) in analysis.Metrics.Numbered())
        {
            CheckMetric($"{Path}.metrics[{index}]", metric, problems);
            MetricSourceRules.Check($"{Path}.metrics[{index}]", metric, spec, problems);
            CheckLastStep($"{Path}.metrics[{index}].compareWith", metric, spec.Canary, problems);
        }

        problems.Unique($"{Path}.metrics", analysis.Metrics, metric => metric.Name, ".name");
        CheckSurfaces($"{Path}.surfaces", analysis.Surfaces, problems);
        ProbeRules.Check($"{Path}.probes", analysis, problems);
    }

    private static void CheckSurfaces(string path, IReadOnlyList<SurfaceSpec>? surfaces, ProblemList problems)
    {
        foreach (var (index, surface) in surfaces.Numbered())
        {
            if (problems.Required($"{path}[{index}].name", surface.Name, $"write {Words.Or(Surfaces.Names)}"))
            {
                problems.OneOf($"{path}[{index}].name", surface.Name, Surfaces.Names);
            }

            if (surface.Paths is not { Count: > 0 })
            {
                problems.Invalid($"{path}[{index}].paths", "is empty; write at least one path, such as /checkout/**");
            }

            problems.AtMost($"{path}[{index}].paths", surface.Paths, 50);
            foreach (var (at, pattern) in surface.Paths.Numbered())
            {
                problems.Length($"{path}[{index}].paths[{at}]", pattern, 256);
                if (!Shapes.PathPattern().IsMatch(pattern))
                {
                    problems.Invalid($"{path}[{index}].paths[{at}]", $"'{pattern}' is not a path; write one that begins with '/', with * for one segment, and /** only at its end");
                }
            }
        }

        problems.Unique(path, surfaces, surface => surface.Name, ".name");
    }

    /// <summary>At 100 % stable gets no requests, and a metric that has nothing but stable to go by would hold for ever.</summary>
    private static void CheckLastStep(string path, MetricSpec metric, CanarySpec? canary, ProblemList problems)
    {
        if (metric is { CompareWith: not null, MaxRate: null, Probe: null } && canary?.Steps?.Any(step => step?.Weight == 100) is true)
        {
            problems.Invalid(path, "has nothing to compare with at the step of weight 100, where stable gets no traffic; write maxRate as well, or end at 99 and let the promotion do the rest");
        }
    }

    private static void CheckShare(string path, string? text, double most, string example, ProblemList problems)
    {
        if (text is not null && !(Percent.TryParse(text, out var share) && share > 0 && share <= most))
        {
            problems.Invalid(path, $"'{text}' is out of range; write a percentage above 0% and up to {Percent.Format(most)}, such as \"{example}\"");
        }
    }

    private static void CheckMetric(string path, MetricSpec metric, ProblemList problems)
    {
        problems.Label($"{path}.name", metric.Name);
        problems.OneOf($"{path}.preset", metric.Preset, MetricPresets.Names);
        if (metric.MaxRate is { } rate && !(Percent.TryParse(rate, out var share) && share > 0))
        {
            problems.Invalid($"{path}.maxRate", $"'{rate}' is not a ceiling; write a percentage above 0% and up to 100%, such as \"2%\" or \"0.5%\"");
        }

        problems.OneOf($"{path}.compareWith", metric.CompareWith, "Stable");
        CheckShare($"{path}.worthCatching", metric.WorthCatching, 0.5, "1%", problems);
        if (metric is { WorthCatching: not null, CompareWith: null })
        {
            problems.Invalid($"{path}.worthCatching", "has no effect without compareWith: Stable; write that too, or leave this out");
        }

        if (metric.Gauge is { } gauge)
        {
            GaugeRules.Check($"{path}.gauge", metric, gauge, problems);
        }
        else if (metric.MaxRate is null && metric.CompareWith is null)
        {
            problems.Invalid(path, "cannot fail and so proves nothing; write maxRate, compareWith: Stable, or both");
        }

        if (metric.MinRequests is < 1)
        {
            problems.Invalid($"{path}.minRequests", $"{metric.MinRequests} would pass a canary that nobody has used; write at least 1");
        }

        problems.OneOf($"{path}.onNoData", metric.OnNoData, "Hold", "Fail");
        problems.OneOf($"{path}.onError", metric.OnError, "Hold", "Fail");
        problems.Duration($"{path}.staleAfter", metric.StaleAfter, shortest: TimeSpan.FromSeconds(1));
    }
}
