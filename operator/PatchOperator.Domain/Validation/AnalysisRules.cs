using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What proves the canary healthy. A patch without a metric would be promoted on no evidence at all.</summary>
internal static class AnalysisRules
{

    private const string Path = "spec.analysis";

    /// <summary>Something for each variable, to check the form of what comes out.</summary>
    private static readonly QueryVariables AnyVariables = new() { Namespace = "x", Workload = "x", Pods = ["x"], Track = "x", Window = TimeSpan.FromMinutes(1) };

    private static readonly string[] Presets = ["envoy-gateway", "istio", "traefik", "ingress-nginx", PodMetricsPreset.Name];

    public static void Check(EmergencyPatchSpec spec, ProblemList problems)
    {
        if (spec.Analysis is not { } analysis)
        {
            problems.Invalid(Path, "is missing; write a provider and at least one metric, since no data is never good");
            return;
        }

        CheckProvider(analysis.Provider ?? new(), problems);
        problems.Duration($"{Path}.interval", analysis.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (analysis.Metrics is not { Count: > 0 })
        {
            problems.Invalid($"{Path}.metrics", "is empty; write at least one metric, since no data is never good");
        }

        problems.AtMost($"{Path}.metrics", analysis.Metrics, 20);
        foreach (var (index, metric) in analysis.Metrics.Numbered())
        {
            CheckMetric($"{Path}.metrics[{index}]", metric, problems);
            CheckSource($"{Path}.metrics[{index}]", metric, analysis.Provider, problems);
        }

        problems.Unique($"{Path}.metrics", analysis.Metrics, metric => metric.Name, ".name");
    }

    private static void CheckProvider(MetricProviderSpec provider, ProblemList problems)
    {
        const string path = Path + ".provider";
        if ((provider.Prometheus is null) == (provider.PodMetrics is null))
        {
            var found = provider.Prometheus is null ? "none is" : "both are";
            problems.Invalid(path, $"{found} given; write exactly one of prometheus and podMetrics");
        }

        if (provider.Prometheus is { } prometheus)
        {
            CheckAddress($"{path}.prometheus.address", prometheus.Address, problems);
        }

        if (provider.PodMetrics is { } pods)
        {
            if (pods.Port is not (>= 1 and <= 65535))
            {
                var found = pods.Port is { } port ? $"{port} is out of range" : "is missing";
                problems.Invalid($"{path}.podMetrics.port", $"{found}; write the port of the pods' metrics, 1 to 65535");
            }

            if (pods.Path is { } metricsPath && !Shapes.UrlPath().IsMatch(metricsPath))
            {
                problems.Invalid($"{path}.podMetrics.path", $"'{metricsPath}' is not a path; write one that begins with '/', such as /metrics");
            }
        }
    }

    private static void CheckAddress(string path, string? address, ProblemList problems)
    {
        const string instead = "write a base URL such as http://prometheus.monitoring:9090";
        if (!problems.Required(path, address, instead))
        {
            return;
        }

        // The address is shown in status and events, so a password in it is reported without repeating it.
        if (address!.Contains('@', StringComparison.Ordinal))
        {
            problems.Invalid(path, $"has a user or an '@' in it, and would show it to everyone who may read this resource; {instead}");
        }
        else if (!Shapes.IsWebAddress(address) || address.AsSpan().ContainsAny('?', '#'))
        {
            problems.Invalid(path, $"'{address}' is not the absolute http or https address of a server; {instead}");
        }
    }

    private static void CheckMetric(string path, MetricSpec metric, ProblemList problems)
    {
        problems.Label($"{path}.name", metric.Name);
        problems.OneOf($"{path}.preset", metric.Preset, Presets);
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

    private static void CheckSource(string path, MetricSpec metric, MetricProviderSpec? provider, ProblemList problems)
    {
        if (metric.Preset is { } preset)
        {
            if (metric.Failures is not null || metric.Total is not null)
            {
                problems.Invalid(path, $"has preset {preset} and queries of its own; write either the preset, or failures and total");
            }

            CheckPresetFits($"{path}.preset", preset, provider, problems);
            return;
        }

        foreach (var (field, query) in new[] { ("failures", metric.Failures), ("total", metric.Total) })
        {
            if (problems.Required($"{path}.{field}", query, "write a query, or a preset instead of failures and total"))
            {
                CheckQuery($"{path}.{field}", query!, provider, problems);
            }
        }
    }

    private static void CheckPresetFits(string path, string preset, MetricProviderSpec? provider, ProblemList problems)
    {
        if (preset == PodMetricsPreset.Name && provider?.Prometheus is not null)
        {
            problems.Invalid(path, "podMetrics reads the pods themselves; write provider podMetrics, or failures and total as PromQL");
        }
        else if (preset != PodMetricsPreset.Name && Presets.Contains(preset, StringComparer.Ordinal) && provider?.PodMetrics is not null)
        {
            problems.Invalid(path, $"{preset} is a set of Prometheus queries; write provider prometheus, or preset podMetrics");
        }
    }

    private static void CheckQuery(string path, string query, MetricProviderSpec? provider, ProblemList problems)
    {
        problems.Length(path, query, 4096);
        if (!QueryTemplate.TryParse(query, out var template, out var error))
        {
            problems.Invalid(path, error);
        }
        else if (provider?.PodMetrics is not null && !SeriesSelectorShape.Matches(template.Render(AnyVariables)))
        {
            problems.Invalid(
                path,
                $"'{query}' is not a series selector; with podMetrics write a series and its labels, such as http_requests_total{{code=~\"5..\"}}, and no PromQL functions");
        }
    }
}
