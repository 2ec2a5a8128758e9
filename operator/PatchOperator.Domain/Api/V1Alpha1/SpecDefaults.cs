namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>
/// What a field means that the user left out: its path below spec, and the value as JSON.
/// Every default of the CRD must stand here too, and none may ever change: a digest leaves such values out, so that a newer
/// CRD, which writes them into stored resources, neither voids an approval nor starts a run.
/// </summary>
public static class SpecDefaults
{
    public static readonly IReadOnlyDictionary<string, string> ByPath = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["workloads[].role"] = "\"Web\"",
        ["approval.required"] = "1",
        ["approval.expiresAfter"] = "\"24h\"",
        ["approval.onRevoke"] = "\"Hold\"",
        ["canary.progressDeadline"] = "\"10m\"",
        ["canary.steps[].hold"] = "\"0s\"",
        ["canary.steps[].approval"] = "false",
        ["analysis.interval"] = "\"15s\"",
        ["analysis.provider.podMetrics.path"] = "\"/metrics\"",
        ["analysis.provider.podMetrics.scheme"] = "\"HTTP\"",
        ["analysis.probes[].path"] = "\"/\"",
        ["analysis.probes[].method"] = "\"GET\"",
        ["analysis.probes[].scheme"] = "\"HTTP\"",
        ["analysis.probes[].every"] = "\"1s\"",
        ["analysis.probes[].timeout"] = "\"5s\"",
        ["analysis.metrics[].minRequests"] = "50",
        ["analysis.metrics[].onNoData"] = "\"Hold\"",
        ["analysis.metrics[].onError"] = "\"Hold\"",
        ["analysis.metrics[].staleAfter"] = "\"1m\"",
        ["revert.automatic"] = "true",
        ["promotion.order"] = "[\"Web\",\"Cron\",\"Worker\"]",
    };
}
