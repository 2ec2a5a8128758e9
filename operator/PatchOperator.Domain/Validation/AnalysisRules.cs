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

        ProviderRules.Check($"{Path}.provider", analysis.Provider ?? new(), problems);
        problems.Duration($"{Path}.interval", analysis.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (analysis.Metrics is not { Count: > 0 })
        {
            problems.Invalid($"{Path}.metrics", "is empty; write at least one metric, since no data is never good");
        }

        problems.AtMost($"{Path}.metrics", analysis.Metrics, 20);
        foreach (var (index, metric) in analysis.Metrics.Numbered())
        {
            CheckMetric($"{Path}.metrics[{index}]", metric, problems);
            MetricSourceRules.Check($"{Path}.metrics[{index}]", metric, spec, problems);
        }

        problems.Unique($"{Path}.metrics", analysis.Metrics, metric => metric.Name, ".name");
        CheckSurfaces($"{Path}.surfaces", analysis.Surfaces, problems);
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

    private static void CheckMetric(string path, MetricSpec metric, ProblemList problems)
    {
        problems.Label($"{path}.name", metric.Name);
        problems.OneOf($"{path}.preset", metric.Preset, MetricPresets.Names);
        if (metric.MaxRate is { } rate && !(Percent.TryParse(rate, out var share) && share > 0))
        {
            problems.Invalid($"{path}.maxRate", $"'{rate}' is not a ceiling; write a percentage above 0% and up to 100%, such as \"2%\" or \"0.5%\"");
        }

        problems.OneOf($"{path}.compareWith", metric.CompareWith, "Stable");
        if (metric.MaxRate is null && metric.CompareWith is null)
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
