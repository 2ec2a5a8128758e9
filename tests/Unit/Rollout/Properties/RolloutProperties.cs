using CsCheck;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>
/// The decider in random worlds: pods, metrics, edits, commands, clocks, crashes. Every single decision is held against <see cref="SafetyRules"/>;
/// here is what must come true in the end. A failure prints as a story that was made as short as it goes, and the seed to repeat it.
/// </summary>
public sealed class RolloutProperties(ITestOutputHelper output)
{
    /// <summary>More of them with PROPERTY_TALES, as in CI.</summary>
    private static readonly long Tales = long.TryParse(Environment.GetEnvironmentVariable("PROPERTY_TALES"), out var given) ? given : 300;

    [Fact]
    public void No_decision_breaks_a_safety_rule() => Hold(_ => null);

    /// <summary>S1: not missing metrics, endpoints that cannot be read, withdrawals without effect, suspend, or a stable that is ill.</summary>
    [Fact]
    public void S1_an_abort_ends_the_canary_in_seconds_whatever_is_ill() => Hold(Invariants.AbortEndsTheCanary);

    [Fact]
    public void S12_a_deleted_patch_is_let_go_in_time_and_not_before_its_canary_is_gone() => Hold(Invariants.DeletionEnds);

    /// <summary>The progress deadline fires in every phase that waits, whatever else fails at the same time.</summary>
    [Fact]
    public void No_run_waits_for_ever_for_pods_that_do_not_come() => Hold(Invariants.WaitsEnd);

    [Fact]
    public void When_all_is_well_again_every_run_comes_to_an_end_and_leaves_nothing() => Hold(Invariants.CalmEndsEverything);

    private void Hold(Func<ModelCluster, string?> atTheEnd) => Tale.Any.Sample(
        tale =>
        {
            if (tale.Violation(atTheEnd) is not null)
            {
                var shortest = tale.Shortest(t => t.Violation(atTheEnd) is not null);
                Assert.Fail("\n" + shortest.Tell(atTheEnd));
            }
        },
        output.WriteLine,
        iter: Tales,
        threads: Environment.ProcessorCount);
}
