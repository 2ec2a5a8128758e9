using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Controllers;

namespace PatchOperator.Tests.Cluster.Traffic;

/// <summary>A Service whose endpoints a test writes by hand.</summary>
internal static class StubService
{
    public static void AddPod(this MemoryStore store, string name, string? track = null)
    {
        var labels = new JsonObject { ["app"] = "web" };
        if (track is not null)
        {
            labels["patchoperator.io/track"] = track;
        }

        store.Create(ResourceName.Pods, new()
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = TestCluster.Namespace, ["labels"] = labels },
            ["spec"] = new JsonObject(),
        });
    }

    public static void SetEndpoints(this MemoryStore store, params (string Pod, string Ip, bool Ready)[] pods)
    {
        JsonArray Where(bool ready) => new([.. pods.Where(pod => pod.Ready == ready).Select(pod => new JsonObject
        {
            ["ip"] = pod.Ip,
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["name"] = pod.Pod },
        })]);
        var endpoints = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = TestCluster.Namespace },
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = Where(true),
                ["notReadyAddresses"] = Where(false),
                ["ports"] = new JsonArray(new JsonObject { ["port"] = StubPod.Port }),
            }),
        };
        if (store.Get(ResourceName.Endpoints, TestCluster.Namespace, "web") is null)
        {
            store.Create(ResourceName.Endpoints, endpoints);
        }
        else
        {
            store.Change(ResourceName.Endpoints, "web", stored => stored["subsets"] = endpoints["subsets"]!.DeepClone());
        }
    }
}
