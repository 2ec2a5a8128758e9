using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The whole operator after a promotion, while it watches. Minutes pass in seconds.</summary>
public sealed class WatchScenarios
{
    [Fact]
    public async Task What_turns_bad_after_the_promotion_is_taken_back_pods_and_all()
    {
        await using var town = await PromotedAsync();
        town.Metrics.PatchedErrorRate = 0.3;
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4 && town.Image() == Town.Stable, "stable runs its previous image");
        Assert.Single(town.Trail(), r => r.Action == "WatchFailed");
        Assert.Single(town.Events("WatchFailed"));
        Assert.Equal("Failed", town.Patch()!["status"]!["watch"]!["outcome"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_healthy_patch_is_ready_when_its_watch_is_over_and_is_measured_no_more()
    {
        await using var town = await PromotedAsync();
        Assert.Equal("Unknown", town.Condition(ConditionTypes.Ready)!["status"]!.GetValue<string>());
        await town.UntilAsync(() => town.Condition(ConditionTypes.Ready)?["status"]?.GetValue<string>() == "True", "the watch is over", 60);
        Assert.Equal((nameof(PatchPhase.Promoted), "Passed"), (town.Phase(), town.Patch()!["status"]!["watch"]!["outcome"]!.GetValue<string>()));
        await town.UntilAsync(() => town.Trail().Count(r => r.Action == "WatchPassed") == 1, "and that is in the trail");
        town.Metrics.PatchedErrorRate = 1;
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal((nameof(PatchPhase.Promoted), Town.Patched), (town.Phase(), town.Image()));
    }

    [Fact]
    public async Task A_killed_operator_goes_on_watching_where_it_was_and_to_the_same_end()
    {
        await using var town = await PromotedAsync();
        await town.UntilAsync(() => town.Patch()!["status"]!["watch"]!["measuredAt"] is not null, "it is measured");
        var before = town.Patch()!["status"]!["watch"]!;
        await town.KillOperatorAsync();
        town.Metrics.PatchedErrorRate = 0.3;
        await town.StartOperatorAsync();
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        var after = town.Patch()!["status"]!["watch"]!;
        Assert.Equal(before["startedAt"]!.GetValue<string>(), after["startedAt"]!.GetValue<string>());
        Assert.Equal(before["until"]!.GetValue<string>(), after["until"]!.GetValue<string>());
        Assert.Single(town.Trail(), r => r.Action == "WatchFailed");
    }

    [Fact]
    public async Task Metrics_that_are_gone_alert_and_take_nothing_back()
    {
        await using var town = await PromotedAsync();
        town.Metrics.Patched = new TrackReading.Failed("connection refused", Terminal: false);
        await town.UntilAsync(() => town.Patch()!["status"]!["watch"]!["outcome"] is not null, "the watch is over", 60);
        Assert.Equal((nameof(PatchPhase.Promoted), Town.Patched, "Inconclusive"), (town.Phase(), town.Image(), town.Patch()!["status"]!["watch"]!["outcome"]!.GetValue<string>()));
        Assert.NotEmpty(town.Events("MetricsUnavailable"));
        await town.UntilAsync(() => town.Events("WatchInconclusive").Count == 1, "and that is shown");
        Assert.Equal("Warning", town.Events("WatchInconclusive")[0]["type"]!.GetValue<string>());
    }

    private static async Task<Town> PromotedAsync()
    {
        var town = await Town.FoundAsync(new FastClock(20));
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25}]""", spec: ""","revert":{"watchAfterPromotion":"5m"},"promotion":{"hold":"None"}""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        return town;
    }
}
