using System.Diagnostics;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.Demo.Worlds;

internal static class WorldExtensions
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task WhenShopServesAsync(this IWorld world, CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        JsonObject? deployment;
        do
        {
            deployment = await world.Api.GetAsync(ObjectPath.Deployment(world.Namespace, Manifests.Deployment), cancellation);
            if (deployment.Integer("status", "readyReplicas") is { } ready && ready == deployment.Integer("spec", "replicas"))
            {
                return;
            }

            await Task.Delay(200, cancellation);
        }
        while (since.Elapsed < Patience);

        throw new DemoException($"Deployment {world.Namespace}/{Manifests.Deployment} was not ready within {Patience.TotalSeconds:0} s: "
            + $"{deployment.Integer("status", "readyReplicas") ?? 0} of {deployment.Integer("spec", "replicas")} pods. Look at its pods with kubectl describe.");
    }
}
