using PatchOperator.Domain.Rollout;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>People who agree, and think better of it, while a run is under way.</summary>
public sealed class MidRunTests
{
    [Fact]
    public async Task A_step_that_wants_an_approval_waits_at_the_weight_before_it()
    {
        await using var gatehouse = await AttackTests.WaitingAsync(steps: """[{"weight":25},{"weight":50,"approval":true}]""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "the start")).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition("Ready")?["reason"]?.ToString() == "ApprovalMissing" && gatehouse.Town.Phase() is "Progressing" or "Paused", "it waits for people", 60);
        Assert.Equal("25", gatehouse.Town.Patch()!["status"]!["step"]!["weight"]!.ToString());
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Dana, "approve", "my own gate")).Code);
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "the step")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
        Assert.Equal(["", "1"], gatehouse.Town.Patch()!["status"]!["approvals"]!.AsArray().Select(a => a!["step"]?.ToString() ?? ""));
    }

    [Fact]
    public async Task An_approval_that_is_withdrawn_holds_the_run_until_somebody_approves_again()
    {
        await using var gatehouse = await AttackTests.WaitingAsync(steps: """[{"weight":25,"hold":"3s"}]""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilServingAsync();
        (await gatehouse.CommandAsync(Gatehouse.Alice, "revoke", "second thoughts")).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch()!["status"]!["revocation"] is not null, "the run is held");
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Contains(gatehouse.Town.Phase(), (string[])["Progressing", "Paused"]);
        Assert.Equal(Town.Stable, gatehouse.Town.Image());
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "it is fine")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Promoted, seconds: 60);
    }

    [Fact]
    public async Task Where_the_spec_says_so_it_takes_the_run_back_also_while_no_webhook_can_be_reached()
    {
        await using var gatehouse = await AttackTests.WaitingAsync(""","approval":{"required":1,"onRevoke":"Revert"}""", """[{"weight":25,"hold":"10m"}]""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilServingAsync();
        gatehouse.Cut();
        (await gatehouse.CommandAsync(Gatehouse.Alice, "revoke", "orders look wrong")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 60);
        Assert.Equal(Town.Stable, gatehouse.Town.Image());
    }
}
