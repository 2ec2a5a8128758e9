using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Traffic;

namespace PatchOperator.Metrics;

/// <summary>The variables of a query for one track.</summary>
internal static class TrackVariables
{
    public const string Canary = "canary";
    public const string Stable = "stable";

    public static QueryVariables Of(MetricReadRequest request, MetricQuery metric, string track)
    {
        var isCanary = track == Canary;
        IReadOnlyList<string> canaries = [.. request.Workloads.Select(workload => workload + Names.CanarySuffix)];
        var pods = isCanary ? request.CanaryPods : request.StablePods;
        return new QueryVariables
        {
            Namespace = request.Namespace,
            Workload = string.Join('|', request.Workloads),
            Pods = [.. pods.Select(pod => pod.Name)],
            PodIps = [.. pods.Select(pod => pod.Ip)],
            Deployments = isCanary ? canaries : request.Workloads,

            Services = isCanary ? [.. request.StableServices.Select(CanaryService.NameOf)] : request.StableServices,
            Track = track,
            Window = request.Window,
            Args = metric.Args,
            Paths = metric.Paths,
        };
    }
}
