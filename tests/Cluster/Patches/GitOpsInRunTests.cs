using System.Text.Json.Nodes;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Git names the vulnerable image, and someone syncs from it in mid-run, and on workloads that are no Deployment.</summary>
public sealed class GitOpsInRunTests
{
    private const string Path = $"/apis/apps/v1/namespaces/{Town.Namespace}/deployments/magento-web";
    private const string Hold = ""","promotion":{"hold":"UntilAdopted"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_whose_answer_is_lost_while_the_watch_is_silent_is_no_one_s_bringing_the_image_back()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        var writes = 0;
        using var before = town.Api.Faults.Before(call =>
        {
            if (IsOfImages(call))
            {
                town.Api.Faults.SilenceWatches();
            }

            return null;
        });
        using var after = town.Api.Faults.After(call => IsOfImages(call) && Interlocked.Increment(ref writes) == 1 ? new FaultAction.CloseConnectionAfter() : null);
        town.Annotate(Domain.Api.V1Alpha1.Commands.Revert, "a partner's calls fail");
        await town.UntilAsync(() => town.Image() == Town.Stable, "the previous image is back");
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        town.Api.Faults.ResumeWatches();
        town.Api.Faults.DropWatches();
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.True(writes > 0);
        Assert.DoesNotContain(town.Trail(), r => r.Action == "DriftDetected");

        bool IsOfImages(ApiRequest call) => call is { Verb: "patch", Resource: "deployments", Name: "magento-web" } && town.Phase() == nameof(PatchPhase.Reverting);
    }

    [Theory]
    [InlineData(SyncMode.ServerSide)]
    [InlineData(SyncMode.ClientSide)]
    [InlineData(SyncMode.Replace)]
    public async Task A_sync_in_the_steps_changes_nothing_and_one_in_the_promotion_is_undone(SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        using var argo = new PlayedArgo(town.Api.Address, Path, GitOpsTests.Manifest(Town.Stable), mode);
        await argo.SyncAsync();
        town.Pods.Set(Town.PatchedStable, PodBehaviour.ReadyIn(TimeSpan.FromSeconds(2)));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"3s"}]""", spec: Hold);
        await town.ApproveAsync();
        await town.UntilServingAsync();
        for (var i = 0; i < 3; i++)
        {
            await argo.SyncAsync();
            await Task.Delay(300, Cancellation);
        }

        Assert.Equal(("Progressing", Town.Stable), (town.Phase(), town.Image()));
        await town.UntilAsync(() => town.Phase() == "Promoting" && town.Image() == Town.Patched, "stable is being promoted");
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Image() == Town.Patched, "the vulnerable image is gone again", 3);
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        await town.UntilAsync(() => town.PodsOf("web") is { Count: 4 } pods && pods.All(p => p == Town.Patched), "nothing else runs");
        Assert.Equal(1, town.Patch()!["status"]!["run"]!.GetValue<int>());
        Assert.Null(AuditChain.FindFault(town.Trail()));
    }

    [Theory]
    [InlineData(SyncMode.ServerSide)]
    [InlineData(SyncMode.ClientSide)]
    [InlineData(SyncMode.Replace)]
    public async Task A_second_patch_takes_the_image_from_before_the_first_for_a_Git_that_lags_behind(SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        using var argo = new PlayedArgo(town.Api.Address, Path, GitOpsTests.Manifest(Town.Stable), mode);
        await argo.SyncAsync();
        town.Pods.Set(Town.Newer, PodBehaviour.ReadyIn(TimeSpan.FromSeconds(2)));
        await town.StartOperatorAsync();
        town.Apply("first", steps: """[{"weight":25}]""", spec: Hold);
        await town.ApproveAsync("first");
        await town.UntilPhaseAsync(PatchPhase.Promoted, "first", 60);
        town.Apply("second", Town.Newer, Hold, """[{"weight":25,"hold":"4s"}]""");
        await town.ApproveAsync("second");
        await town.UntilServingAsync("second");
        for (var i = 0; i < 2; i++)
        {
            await argo.SyncAsync();
            await town.UntilAsync(() => town.Image() == Town.Patched, "what the first patch gave is back", 3);
            await Task.Delay(1100, Cancellation);
        }

        Assert.Equal(("Promoted", "Progressing"), (town.Phase("first"), town.Phase("second")));
        Assert.Contains($"set back by {PlayedArgo.Manager} to images that an earlier patch replaced", town.Trail("second").First(r => r.Action == "DriftDetected").Detail, StringComparison.Ordinal);
        await town.UntilAsync(() => town.Phase("second") == "Promoting" && town.Image() == Town.Newer, "stable is being promoted");
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Image() == Town.Newer, "what the second patch gives is back", 3);
        await town.UntilPhaseAsync(PatchPhase.Promoted, "second", 60);
        await town.UntilPhaseAsync(PatchPhase.Superseded, "first");
        await Task.Delay(1100, Cancellation);
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Image() == Town.Newer, "and is held", 3);
        await town.UntilAsync(() => town.Trail("second").Count(r => r.Action == "DriftDetected") > 1, "told");
        Assert.Equal("Promoted", town.Phase("second"));
        Assert.Null(AuditChain.FindFault(town.Trail("second")));

        argo.Manifest = GitOpsTests.Manifest(Town.Newer);
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Condition("Ready", "second")?["reason"]?.GetValue<string>() == "Adopted", "adopted", 10);
    }

    [Theory]
    [InlineData("cronjobs", SyncMode.ServerSide)]
    [InlineData("cronjobs", SyncMode.Replace)]
    [InlineData("statefulsets", SyncMode.ServerSide)]
    [InlineData("statefulsets", SyncMode.Replace)]
    public async Task A_CronJob_and_a_StatefulSet_are_held_like_a_Deployment(string kind, SyncMode mode)
    {
        await using var town = await Town.FoundAsync();
        await town.SettleUnitAsync();
        var (resource, name, path) = kind == "cronjobs"
            ? (ResourceName.CronJobs, "cron", $"/apis/batch/v1/namespaces/{Town.Namespace}/cronjobs/cron")
            : (ResourceName.StatefulSets, "indexer", $"/apis/apps/v1/namespaces/{Town.Namespace}/statefulsets/indexer");
        var manifest = Bare(town.Api.Store.Get(resource, Town.Namespace, name)!);
        using var argo = new PlayedArgo(town.Api.Address, path, manifest, mode);
        await argo.SyncAsync();
        await town.StartOperatorAsync();
        town.ApplyUnit(spec: Hold);
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 90);
        await Task.Delay(1200, Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await argo.SyncAsync();
            await town.UntilAsync(() => town.TemplateImage(resource, name) == Town.Patched, "the vulnerable image is gone again", 3);
            await Task.Delay(1200, Cancellation);
        }

        await town.UntilAsync(() => !town.CronIsSuspended, "cron goes on", 20);
        argo.Manifest = JsonNode.Parse(manifest.ToJsonString().Replace(Town.Stable, Town.Patched, StringComparison.Ordinal))!.AsObject();
        await argo.SyncAsync();
        await town.UntilAsync(() => town.Patch()!["status"]!["workloads"]!.AsArray().Single(w => w!["name"]!.GetValue<string>() == name)!["adoptedAt"] is not null, "adopted", 10);
        Assert.Equal("Promoted", town.Phase());
        Assert.Contains(town.Trail(), r => r.Action == "DriftDetected" && r.Detail!.Contains(name, StringComparison.Ordinal));
    }

    /// <summary>As it is in Git.</summary>
    private static JsonObject Bare(JsonObject live) => new()
    {
        ["apiVersion"] = live["apiVersion"]!.DeepClone(),
        ["kind"] = live["kind"]!.DeepClone(),
        ["metadata"] = new JsonObject { ["name"] = live["metadata"]!["name"]!.DeepClone(), ["namespace"] = Town.Namespace },
        ["spec"] = live["spec"]!.DeepClone(),
    };
}
