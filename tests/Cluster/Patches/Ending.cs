using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>All that must be the same at the end of a story, whatever happened to the operator on the way, in words that can be compared.</summary>
internal static class Ending
{
    public static bool IsSettled(Town town)
    {
        foreach (var patch in town.Api.Store.List(Town.Patches, Town.Namespace))
        {
            var name = patch["metadata"]!["name"]!.GetValue<string>();
            if (PatchPhases.Parse(town.Phase(name)).IsRunning() || Commands(patch).Any() || (town.Trail(name) is [.., var last] ? last.Sequence : 0) != patch["status"]?["audit"]?["sequence"]?.GetValue<long>())
            {
                return false;
            }
        }

        var wanted = Workloads(town).Sum(w => w["spec"]!["replicas"]?.GetValue<int>() ?? 0);
        var web = town.Deployment("magento-web")!["spec"]!["replicas"]!.GetValue<int>();
        return town.Pod("canary").Count == 0 && town.Pod().Count == wanted && town.ReadyPods("web").Count == web && !town.CronIsSuspended;
    }

    public static string Of(Town town)
    {
        var text = new StringBuilder();
        foreach (var patch in town.Api.Store.List(Town.Patches, Town.Namespace).OrderBy(p => p["metadata"]!["name"]!.GetValue<string>(), StringComparer.Ordinal))
        {
            var name = patch["metadata"]!["name"]!.GetValue<string>();
            var trail = town.Trail(name);
            text.Append($"{name}: {town.Phase(name)}, run {patch["status"]?["run"]}, step {patch["status"]?["step"]?["index"]}, actual weight {patch["status"]?["step"]?["actualWeight"]}, ")
                .Append($"because {patch["status"]?["revert"]?["reason"] ?? "-"}, chain {AuditChain.FindFault(trail) ?? "holds"}, ")
                .AppendLine($"trail {string.Join(' ', trail.Where(r => r.Action is not "WithdrawalNotProven").Select(r => r.Action))}");
        }

        foreach (var workload in Workloads(town))
        {
            text.AppendLine($"{workload["kind"]} {workload["metadata"]!["name"]}: {workload["spec"]!.ToJsonString()} {Labels(workload)}");
        }

        foreach (var service in town.Api.Store.List(ResourceName.Services, Town.Namespace))
        {
            text.AppendLine($"Service {service["metadata"]!["name"]}: {service["spec"]!["selector"]?.ToJsonString()} {Labels(service)}");
        }

        foreach (var route in town.Api.Store.List(PlayedGateway.HttpRoutes, Town.Namespace).Concat(town.Api.Store.List(RoutedTown.Ingresses, Town.Namespace)))
        {
            text.AppendLine($"{route["kind"]} {route["metadata"]!["name"]}: {route["spec"]!.ToJsonString()} {route["metadata"]!["annotations"]?.ToJsonString()} {Labels(route)}");
        }

        return text.Append($"{town.ReadyPods("web").Count} pods serve, {town.Pod().Count} exist").ToString();
    }

    /// <param name="ending">See <see cref="Of"/>.</param>
    /// <returns>The last phase of each patch that is still there.</returns>
    public static string Phases(string ending)
    {
        var phases = ending.Split('\n').Where(line => line.Contains(", run ", StringComparison.Ordinal)).Select(line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..line.IndexOf(", run ", StringComparison.Ordinal)]).ToArray();
        return phases.Length == 0 ? "gone" : string.Join(", ", phases);
    }

    /// <summary>Records without their event. An event's name ends with the record's sequence and the end of its hash, so that none is told twice.</summary>
    public static int MissingEvents(Town town)
    {
        var names = town.Api.Store.List(ResourceName.Events, Town.Namespace).Select(e => e["metadata"]!["name"]!.GetValue<string>()).ToArray();
        return town.Api.Store.List(Town.Patches, Town.Namespace).Select(p => p["metadata"]!["name"]!.GetValue<string>()).Sum(patch =>
            town.Trail(patch).Count(r => names.Count(n => n.StartsWith(patch + ".", StringComparison.Ordinal) && n.EndsWith($".{r.Sequence}.{r.Hash[^8..]}", StringComparison.Ordinal)) != 1));
    }

    private static IEnumerable<JsonObject> Workloads(Town town) =>
        new[] { ResourceName.Deployments, ResourceName.StatefulSets, ResourceName.CronJobs }.SelectMany(kind => town.Api.Store.List(kind, Town.Namespace));

    private static string Labels(JsonObject resource) => $"{resource["metadata"]!["labels"]?.ToJsonString()} {resource["metadata"]!["finalizers"]?.ToJsonString()}";

    private static IEnumerable<string> Commands(JsonObject patch) =>
        Domain.Api.V1Alpha1.Commands.All.Where(c => patch["metadata"]!["annotations"]?[Annotations.CommandPrefix + c] is not null);
}
