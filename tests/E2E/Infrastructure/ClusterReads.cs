using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>
/// For what is looked at again and again. Each kubectl is a process of its own; shops side by side would start several a second
/// to watch themselves. A kind that is not served and an object that is not there are both nothing; any other failure is one of the test.
/// </summary>
internal static class ClusterReads
{
    private static readonly Lazy<ClusterClient> Client = new(() =>
    {
        var options = new OperatorOptions { Name = "patch-operator-e2e" };
        var connection = new KubernetesConnection(KubernetesConnection.Configuration(Kubectl.Kubeconfig), options, new RuntimeMetrics(Prometheus.Metrics.NewCustomRegistry()), TimeProvider.System);
        return new ClusterClient(connection.Transport, options.Client, TimeProvider.System);
    });

    public static Task<JsonObject?> FindAsync(ResourceType type, string ns, string name) => Client.Value.FindAsync(type, new ObjectKey(ns, name), CancellationToken.None);

    public static async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceType type, string ns, string? labels = null)
    {
        try
        {
            return await Client.Value.ListAsync(type, ns, new Selector(labels), CancellationToken.None);
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
        {
            return [];
        }
    }
}
