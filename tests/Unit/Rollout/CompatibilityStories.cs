using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

/// <summary>What a patch's modules do to its start, and who may take their risk.</summary>
public sealed class CompatibilityStories
{
    private readonly Story story = new();
    private string verdict = "Incompatible";

    public CompatibilityStories()
    {
        story.Edit(spec => spec with { Compatibility = new CompatibilitySpec { Mode = "Enforce" } });
        story.Modules = Judge;
    }

    [Fact]
    public void An_approval_does_not_open_the_gate_that_an_incompatible_module_shuts()
    {
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal(PatchPhase.AwaitingApproval, story.Phase);
        Assert.DoesNotContain(story.Done, action => action is not RemoveCommands);
        Assert.Equal("IncompatibleModules", story.Condition(ConditionTypes.Ready).Reason);
        Assert.Equal("False", story.Condition(ConditionTypes.Compatible).Status);
        Assert.Contains("acme/module-fraud-check 2.3.1 is Incompatible: checkout 500s", story.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
        verdict = "Compatible";
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        Assert.Equal("True", story.Condition(ConditionTypes.Compatible).Status);
    }

    [Fact]
    public void The_same_finding_is_recorded_once()
    {
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(5));
        Assert.Single(story.Trail, record => record.Action == "CompatibilityBlocked");
    }

    [Fact]
    public void No_run_starts_while_nothing_is_known()
    {
        story.Modules = _ => null;
        story.Approve();
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal("CheckingCompatibility", story.Condition(ConditionTypes.Ready).Reason);
        story.Modules = _ => new CompatibilityObservation.Unavailable("InventoryMissing", "There is no ConfigMap modules.");
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("InventoryMissing", story.Condition(ConditionTypes.Ready).Reason);
        Assert.Equal("Unknown", story.Condition(ConditionTypes.Compatible).Status);
        Assert.DoesNotContain(story.Done, action => action is not RemoveCommands);
    }

    [Fact]
    public void A_hiccup_takes_no_known_verdict_away_and_still_nothing_starts_on_it()
    {
        verdict = "Compatible";
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Reconcile();
        story.Modules = _ => new CompatibilityObservation.Unavailable("InventoryNotRead", "The API server is not there.", IsPassing: true);
        story.Approve();
        story.RunFor(TimeSpan.FromSeconds(20));
        Assert.Equal("InventoryNotRead", story.Condition(ConditionTypes.Ready).Reason);
        Assert.Equal("True", story.Condition(ConditionTypes.Compatible).Status);
        Assert.DoesNotContain(story.Done, action => action is not RemoveCommands);
    }

    [Fact]
    public void Warn_records_and_starts()
    {
        story.Edit(spec => spec with { Compatibility = new CompatibilitySpec { Mode = "Warn" } });
        story.StartCanary();
        Assert.Equal("False", story.Condition(ConditionTypes.Compatible).Status);
        Assert.Equal("Warned", story.Status.Compatibility!.Outcome);
    }

    [Fact]
    public void A_run_that_has_started_is_not_stopped_and_its_revert_asks_no_module()
    {
        verdict = "Compatible";
        story.StartCanary();
        verdict = "Incompatible";
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Equal(PatchPhase.Progressing, story.Phase);
        story.Modules = _ => throw new InvalidOperationException("nobody asks");
        story.Command(Commands.Abort, "checkout is down");
        story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void A_waiver_opens_the_gate_for_its_module_and_says_until_when()
    {
        story.Approve();
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Command(Commands.Waive, "acme/module-fraud-check: CHG-20871");
        story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        var waiver = Assert.Single(story.Status.Waivers!);
        Assert.Equal(("acme/module-fraud-check", "CHG-20871", false), (waiver.Module, waiver.Reason, waiver.Verified));
        Assert.Equal(waiver.At + TimeSpan.FromHours(24), waiver.ExpiresAt);
        Assert.Single(story.Trail, record => record.Action == "Waived");
        Assert.Equal("CompatibleWithWaivers", story.Condition(ConditionTypes.Compatible).Reason);
        Assert.Equal("unverified", story.Status.Compatibility!.Modules![0].WaivedBy);
    }

    [Theory]
    [InlineData("acme/module-other: CHG-1", "nothing found is about acme/module-other")]
    [InlineData("acme/module-fraud-check", "names one module and a reason")]
    [InlineData("acme/module-fraud-check: ", "names one module and a reason")]
    [InlineData("please let me through: CHG-1", "names one module and a reason")]
    [InlineData("acme/module-fraud-check: CHG-1 until tomorrow-ish", "is not a time")]
    [InlineData("acme/module-fraud-check: CHG-1 until 2026-11-01", "is not within the next 30 days")]
    [InlineData("acme/module-fraud-check: CHG-1 until 2027-11-01", "is not within the next 30 days")]
    public void A_waiver_that_would_waive_nothing_is_refused_with_the_reason(string text, string expected)
    {
        story.Approve();
        story.RunFor(TimeSpan.FromSeconds(5));
        story.Command(Commands.Waive, text);
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Null(story.Status.Waivers);
        Assert.Contains(expected, Assert.Single(story.Trail, record => record.Action == "WaiverRefused").Detail, StringComparison.Ordinal);
        Assert.Equal("IncompatibleModules", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void A_waiver_that_ran_out_waives_nothing()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Waive, "acme/module-fraud-check: CHG-1 until 2026-11-23T03:10:00Z");
        story.RunFor(TimeSpan.FromMinutes(11));
        Assert.Null(story.Status.Waivers);
        Assert.Single(story.Trail, record => record.Action == "WaiverExpired");
        Assert.Equal(
            ["CompatibilityBlocked", "Waived", "CompatibilityPassed", "WaiverExpired", "CompatibilityBlocked"],
            story.Trail.Select(record => record.Action).Where(action => action.StartsWith("Compatibility", StringComparison.Ordinal) || action.StartsWith("Waive", StringComparison.Ordinal)));
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("IncompatibleModules", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void An_edit_of_the_spec_voids_waivers()
    {
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Waive, "acme/module-fraud-check: CHG-1");
        story.RunUntil(() => story.Status.Waivers is not null, TimeSpan.FromMinutes(1));
        story.Edit(spec => spec with { Canary = spec.Canary! with { Steps = [new CanaryStepSpec { Weight = 10 }] } });
        story.RunFor(TimeSpan.FromSeconds(10));
        Assert.Null(story.Status.Waivers);
        story.Approve();
        story.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal("IncompatibleModules", story.Condition(ConditionTypes.Ready).Reason);
    }

    [Fact]
    public void Where_nothing_is_checked_a_waiver_is_refused()
    {
        story.Edit(spec => spec with { Compatibility = null });
        story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));
        story.Command(Commands.Waive, "acme/module-fraud-check: CHG-1");
        story.RunFor(TimeSpan.FromSeconds(5));
        Assert.Contains("mode is Off", Assert.Single(story.Trail, record => record.Action == "WaiverRefused").Detail, StringComparison.Ordinal);
    }

    /// <summary>The status lists the worst in full; the status of a rule must not depend on whether its module is among them.</summary>
    [Fact]
    public void Every_rule_of_many_learns_where_its_module_is_installed_and_on_which_patch_it_decides()
    {
        const int many = 60;
        ModuleCompatibility[] rules = [.. Enumerable.Range(0, many).Select(number => new ModuleCompatibility
        {
            Metadata = new ObjectMeta { Name = $"module-{number}", Namespace = "shop" },
            Spec = new ModuleCompatibilitySpec
            {
                Module = new ModuleReference { Name = $"acme/module-{number}" },
                Owner = new ModuleOwner { Team = "payments" },
                Rules = [new CompatibilityRule { Versions = "^2.3", Verdict = "Compatible", Reason = new string('x', 500) }],
            },
        })];
        var inventory = new Inventory { Packages = [.. Enumerable.Range(0, many).Select(number => new InstalledPackage { Name = $"acme/module-{number}", Version = "2.3.1", Type = "magento2-module" })] };
        story.Modules = _ =>
        {
            var matrix = CompatibilityEvaluator.Evaluate(RuleBook.From(rules), MatrixInputs.From(story.Patch, inventory), story.Now);
            return new CompatibilityObservation.Evaluated(matrix, new InventorySummary { Source = "test" }, "once");
        };
        story.RunUntil(() => story.Status.Compatibility is not null, TimeSpan.FromMinutes(1));
        Assert.All(rules, rule =>
        {
            var status = ModuleReport.Compose(rule, [story.Patch], story.Now);
            Assert.Equal("2.3.1", Assert.Single(status.Installed!).Version);
            Assert.Equal("Compatible", Assert.Single(status.Affects!).Verdict);
        });
        Assert.Null(story.Status.Compatibility!.Omitted);
        Assert.Equal(40, story.Status.Compatibility.Modules!.Count(row => row.Reason.Length == 500));
        Assert.All(story.Status.Compatibility.Modules!.Skip(40), row => Assert.True(row.Reason.Length <= 80 && row.Owner is null));
    }

    private CompatibilityObservation.Evaluated Judge(PatchIntent intent)
    {
        var book = RuleBook.From(
        [
            new ModuleCompatibility
            {
                Metadata = new ObjectMeta { Name = "fraud-check", Namespace = "shop" },
                Spec = new ModuleCompatibilitySpec
                {
                    Module = new ModuleReference { Name = "acme/module-fraud-check" },
                    Rules = [new CompatibilityRule { Versions = "^2.3", Verdict = verdict, Reason = "checkout 500s" }],
                },
            },
        ]);
        var inventory = new Inventory { Packages = [new InstalledPackage { Name = "acme/module-fraud-check", Version = "2.3.1", Type = "magento2-module" }] };
        var inputs = MatrixInputs.From(story.Patch, inventory, null, WaiverBook.ForMatrix(WaiverBook.Valid(story.Patch, intent, null, story.Now)));
        var matrix = CompatibilityEvaluator.Evaluate(book, inputs, story.Now);
        return new CompatibilityObservation.Evaluated(matrix, new InventorySummary { Source = "test" }, string.Join(',', matrix.Rows));
    }
}
