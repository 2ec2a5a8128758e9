using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Git still names the vulnerable image, and someone syncs from it: the patched image stays, nobody fights, and nothing that was agreed is lost.</summary>
public sealed class GitOpsTests
{
    private const string Deployment = $"/apis/apps/v1/namespaces/{Town.Namespace}/deployments/magento-web";
    private const string Patch = $"/apis/patchoperator.io/v1alpha1/namespaces/{Town.Namespace}/emergencypatches/fix";
    private const string Newer = "registry.example.com/magento@sha256:5555555555555555555555555555555555555555555555555555555555555555";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SyncMode.ServerSide)]
    [InlineData(SyncMode.ClientSide)]
    [InlineData(SyncMode.Replace)]
    public async Task A_sync_every_few_seconds_is_undone_each_time_until_Git_adopts_the_image_and_then_nothing_moves(SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        using var argo = new PlayedArgo(town.Api.Address, Deployment, Manifest(Town.Stable), mode);
        await argo.SyncAsync();
        await PromoteAsync(town);
        for (var i = 0; i < 4; i++)
        {
            await argo.SyncAsync();
            await town.UntilAsync(() => town.Image() == Town.Patched, "the vulnerable image is gone again", 3);
            await Task.Delay(1200, Cancellation);
        }

        var status = town.Patch()!["status"]!;
        Assert.Equal(4, status["hold"]!["drifts"]!.GetValue<int>());
        Assert.Equal("CHG-20871", status["approvals"]![0]!["reason"]!.GetValue<string>());
        Assert.Contains(town.Trail(), r => r.Action == "DriftDetected");

        argo.Manifest = Manifest(Town.Patched);
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Condition("Ready")?["reason"]?.GetValue<string>() == "Adopted", "adopted", 10);
        await town.UntilAsync(() => town.Patch()!["status"]!["workloads"]![0]!["releasedAt"] is not null, "nothing is ours any more");
        Assert.Null(town.Deployment("magento-web")!["metadata"]!["annotations"]?[Annotations.PatchedBy]);
        Assert.DoesNotContain(
            town.Deployment("magento-web")!["metadata"]!["managedFields"] as JsonArray ?? [],
            e => e!["manager"]!.GetValue<string>() == Names.FieldManager && e.ToJsonString().Contains("f:image", StringComparison.Ordinal));
        var generation = Generation(town);
        for (var i = 0; i < 5; i++)
        {
            await argo.SyncAsync();
            await Task.Delay(300, Cancellation);
        }

        Assert.Equal(generation, Generation(town));
        Assert.Null(AuditChain.FindFault(town.Trail()));
    }

    [Theory]
    [InlineData(SyncMode.ServerSide)]
    [InlineData(SyncMode.ClientSide)]
    [InlineData(SyncMode.Replace)]
    public async Task A_newer_image_from_Git_is_not_fought(SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        using var argo = new PlayedArgo(town.Api.Address, Deployment, Manifest(Town.Stable), mode);
        await argo.SyncAsync();
        await PromoteAsync(town);
        argo.Manifest = Manifest(Newer);
        await argo.SyncAsync();
        await town.UntilPhaseAsync(PatchPhase.Superseded);
        await Task.Delay(1500, Cancellation);
        Assert.Equal(Newer, town.Image());
    }

    [Fact]
    public async Task With_the_shipped_configuration_there_is_nothing_to_sync_and_the_generation_stands_still()
    {
        await using var town = await Town.FoundAsync();
        using var argo = new PlayedArgo(town.Api.Address, Deployment, Manifest(Town.Stable), SyncMode.ServerSide);
        await argo.SyncAsync();
        await PromoteAsync(town);
        var generation = Generation(town);
        for (var i = 0; i < 20; i++)
        {
            await argo.HealAsync();
            await Task.Delay(100, Cancellation);
        }

        Assert.Equal((1, Town.Patched, generation), (argo.Syncs, town.Image(), Generation(town)));

        // A commit that says nothing of images yet costs one undo, and no more.
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Image() == Town.Patched && !argo.SeesDifferenceAsync().GetAwaiter().GetResult(), "undone");
        Assert.Equal(generation + 2, Generation(town));

        // Once adopted, differences are seen again: the next release is rolled out as ever.
        argo.Manifest = Manifest(Town.Patched);
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Condition("Ready")?["reason"]?.GetValue<string>() == "Adopted", "adopted");
        argo.Manifest = Manifest(Newer);
        await town.UntilAsync(() => argo.SeesDifferenceAsync().GetAwaiter().GetResult(), "the next release shows");
    }

    [Theory]
    [InlineData(SyncMode.ServerSide)]
    [InlineData(SyncMode.Replace)]
    public async Task The_patch_itself_may_be_synced_all_the_time_and_loses_neither_approvals_nor_its_trail(SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        var manifest = town.Apply(spec: ""","promotion":{"hold":"UntilAdopted"}""");
        var (uid, bare) = (manifest["metadata"]!["uid"]!.GetValue<string>(), Bare(manifest));
        using var argo = new PlayedArgo(town.Api.Address, Patch, bare, mode);
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()!["status"]!["approvals"] is not null, "approved");
        await using (argo.SyncEvery(TimeSpan.FromMilliseconds(400)))
        {
            await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 90);
        }

        await town.UntilAsync(() => town.Trail() is [.., { Action: "Promoted" }], "the trail is whole again");
        Assert.Null(AuditChain.FindFault(town.Trail()));
        Assert.Equal((1, 1, uid), (town.Patch()!["status"]!["run"]!.GetValue<int>(), town.Trail().Count(r => r.Action == "ApprovalRecorded"), town.Patch()!["metadata"]!["uid"]!.GetValue<string>()));
        Assert.All(town.Trail(), record => Assert.Single(town.Events(record.Action), e => e["message"]!.GetValue<string>() == record.Detail));
        await town.UntilAsync(() => town.Patch()!["metadata"]!["finalizers"] is JsonArray { Count: > 0 }, "the finalizer is back");
    }

    private static async Task PromoteAsync(Town town)
    {
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""", spec: ""","promotion":{"hold":"UntilAdopted"}""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4 && town.Pod("canary").Count == 0, "only stable serves");
        await Task.Delay(1200, Cancellation);
    }

    private static long Generation(Town town) => town.Deployment("magento-web")!["metadata"]!["generation"]!.GetValue<long>();

    public static JsonObject Manifest(string image) => Town.Json($$$$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"magento-web","namespace":"{{{{{Town.Namespace}}}}}"},
         "spec":{"replicas":4,"selector":{"matchLabels":{"app":"web"}},
                 "template":{"metadata":{"labels":{"app":"web"}},
                             "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{image}}}}}","env":[{"name":"KEEP","value":"me"}]},{"name":"nginx","image":"nginx:1"}]}}}}
        """);

    private static JsonObject Bare(JsonObject patch) => new()
    {
        ["apiVersion"] = "patchoperator.io/v1alpha1",
        ["kind"] = "EmergencyPatch",
        ["metadata"] = new JsonObject { ["name"] = "fix", ["namespace"] = Town.Namespace },
        ["spec"] = patch["spec"]!.DeepClone(),
    };
}
