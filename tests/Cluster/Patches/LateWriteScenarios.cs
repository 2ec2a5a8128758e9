using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Runtime;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>A request of a run takes effect after the run was taken back.</summary>
public sealed class LateWriteScenarios
{
    [Fact]
    public async Task Images_and_canary_go_again_and_an_undo_of_the_revert_by_a_person_stays()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":50}]""", spec: ""","promotion":{"hold":"UntilAdopted"}""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        town.Annotate(Commands.Revert, "orders are missing");
        await UntilOverAsync(town, lateWrites: 0);

        var cancellation = TestContext.Current.CancellationToken;
        var patch = town.Service<IInformer<EmergencyPatch>>().Get(new ObjectKey(Town.Namespace, "fix"))!;
        var web = patch.Status!.Workloads!.Single();
        await town.Service<WorkloadWriter>().SetImagesAsync(patch, new SetStableImages(web.Target(), web.StableUid!, web.PreviousImages!, web.PatchedImages!), cancellation);
        await UntilOverAsync(town, lateWrites: 1);

        var view = await town.Service<NamespaceViews>().UseAsync(patch, cancellation);
        await town.Service<CanaryWriter>().EnsureAsync(patch, new EnsureCanary("web", "magento-web", 2, "late", web.PatchedImages!), view, cancellation);
        await UntilOverAsync(town, lateWrites: 2);

        town.Edit(ResourceName.Deployments, "magento-web", deployment =>
        {
            deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = Town.Patched;
            deployment["metadata"]!["annotations"]![Annotations.PatchedBy] = "fix";
        });
        await town.UntilAsync(() => !IsMarked(town), "the mark is let go");
        Assert.Equal((nameof(PatchPhase.Reverted), Town.Patched, 2), (town.Phase(), town.Image(), LateWrites(town)));
    }

    private static Task UntilOverAsync(Town town, int lateWrites) => town.UntilAsync(
        () => town.Phase() == nameof(PatchPhase.Reverted) && LateWrites(town) == lateWrites && town.Image() == Town.Stable && !IsMarked(town) && town.Deployment("magento-web-canary") is null,
        $"the run is over after {lateWrites} late writes");

    private static int LateWrites(Town town) => town.Trail().Count(r => r.Action == "LateWrite");

    private static bool IsMarked(Town town) => town.Deployment("magento-web")!["metadata"]!["annotations"]?[Annotations.PatchedBy] is not null;
}
