using System.Text.Json.Nodes;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;
using static PatchOperator.Tests.E2E.Attacks.BesiegedShop;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>Needs a real cluster: people without the right, people who approve what they asked for, and people who want to be several.</summary>
[Trait("Needs", "Cluster")]
[Collection(BesiegedCollection.Name)]
public sealed class WhoMayTests(BesiegedShop shop)
{
    private const string Waiver = "acme/module-fraud-check: CHG-20871";

    [Fact]
    public async Task Nobody_approves_without_the_verb_or_what_they_asked_for()
    {
        await shop.WaitingAsync("self", "  approval: {required: 1}");
        (await shop.CommandAsync(Mallory, "self", "approve", "me too")).Refused("verb approve");
        await shop.RecordedAsync("self", "AttemptDenied", Mallory.Name);
        Assert.NotEmpty(await shop.Shop.EventsAsync("AttemptDenied"));
        shop.Tried("approving without the verb `approve`", "refused with the verb's name; AttemptDenied on record and as an Event");

        (await shop.CommandAsync(Dana.With(Person.Approves), "self", "approve", "mine")).Refused("another person");
        shop.Tried("the creator approves, with the verb", "refused: another person must");
        (await shop.CommandAsync(Dana.With(Person.Approves, "security-leads"), "self", "approve", "as a lead")).Refused("another person");
        shop.Tried("the creator approves as a member of an accountable group", "refused: another person must");
        (await shop.CommandAsync(new Person("DANA@example.com", Person.Edits, Person.Approves), "self", "approve", "in capitals")).Refused("another person");
        shop.Tried("the creator approves under the same name in capitals", "refused: it is the same person");

        (await shop.CommandAsync(Mallory, "self", "break-glass", "hurry")).Refused("verb breakglass");
        shop.Tried("breaking the glass without the verb", "refused with the verb's name");
        (await shop.CommandAsync(new Person("nobody@example.com"), "self", "approve", "from outside")).Refused("forbidden");
        shop.Tried("approving without any right in the namespace", "Forbidden by RBAC");
        await shop.NothingStartedAsync("self");
    }

    [Fact]
    public async Task Whoever_edits_the_spec_asks_for_it_and_voids_what_was_approved()
    {
        await shop.WaitingAsync("edited");
        (await shop.CommandAsync(Carol, "edited", "approve", "of the first")).Ok();
        await shop.UntilApprovedByAsync("edited", 1);
        (await shop.MergeAsync(Alice, "edited", Spec("platform", "Magento"))).Ok();
        await shop.UntilApprovedByAsync("edited", 0);
        shop.Tried("the spec is edited after the approval", "the approval is void");
        (await shop.CommandAsync(Alice, "edited", "approve", "I only changed the platform")).Refused("another person");
        shop.Tried("someone edits the spec, then approves it", "refused: whoever edits asks for it");

        var both = Spec("platform", "Other");
        both["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["patchoperator.io/approve"] = "at once" } };
        (await shop.MergeAsync(Bob, "edited", both)).Refused("denied the request");
        Assert.Equal("Magento", (await shop.Shop.PatchStateAsync("edited"))!["spec"]!["platform"]!.GetValue<string>());
        shop.Tried("edit and approval in one write", "refused, and nothing of it is stored");
        await shop.NothingStartedAsync("edited");
    }

    [Fact]
    public async Task One_person_counts_once_under_any_name()
    {
        await shop.WaitingAsync("once", "  approval: {required: 2, accountable: [\"group:security-leads\", \"group:payments\"]}");
        (await shop.CommandAsync(Bob, "once", "approve", "as a lead")).Ok();
        (await shop.CommandAsync(Bob, "once", "approve", "and for payments")).Ok();
        await shop.UntilApprovedByAsync("once", 1);
        await shop.NothingStartedAsync("once");
        shop.Tried("one approver in two accountable groups, approving twice", "counts once");

        (await shop.CommandAsync(new Person("bоb@example.com", "payments", Person.Edits, Person.Approves), "once", "approve", "with a Cyrillic о")).Ok();
        await Task.Delay(TimeSpan.FromSeconds(2));
        await shop.NothingStartedAsync("once");
        shop.Tried("`bоb` with a Cyrillic о, to be the second person", "counts as Bob");

        (await shop.CommandAsync(new Person("bo\u200Bb@example.com", "payments", Person.Edits, Person.Approves), "once", "approve", "invisible")).Refused("denied the request");
        shop.Tried("a user name with a zero-width space", "refused");
        foreach (var name in (string[])["patch-operator", "unverified"])
        {
            (await shop.CommandAsync(new Person(name, Person.Edits, Person.Approves), "once", "approve", "as the operator")).Refused("denied the request");
        }

        shop.Tried("a user who is called `patch-operator` or `unverified`, to look like the operator in the trail", "refused");
        (await shop.CommandAsync(Alice, "once", "revoke", "I would rather not")).Ok();
        await shop.RecordedAsync("once", "CommandIgnored", Alice.Name);
        Assert.Contains(Bob.Name, await shop.ApproversAsync("once"));
        shop.Tried("withdrawing the approval of another person", "ignored and on record; the approval stands");
    }

    [Fact]
    public async Task A_name_on_a_list_is_no_membership()
    {
        await shop.WaitingAsync("listed", "  approval: {required: 1, accountable: [\"group:security-leads\"]}");
        (await shop.CommandAsync(new Person("group:security-leads", Person.Edits, Person.Approves), "listed", "approve", "I am on the list")).Ok();
        await shop.UntilApprovedByAsync("listed", 1);
        await shop.NothingStartedAsync("listed");
        shop.Tried("a user who is called `group:security-leads`, to be accountable", "approves, and is not accountable: nothing starts");
        (await shop.CommandAsync(new Person("security-leads", Person.Edits, Person.Approves), "listed", "approve", "almost")).Ok();
        await shop.UntilApprovedByAsync("listed", 2);
        await shop.NothingStartedAsync("listed");
        shop.Tried("a user who is called like the group", "approves, and is not accountable: nothing starts");
    }

    [Fact]
    public async Task A_flood_of_refused_attempts_leaves_few_records()
    {
        await shop.WaitingAsync("flood");
        for (var i = 0; i < 15; i++)
        {
            (await shop.CommandAsync(Mallory, "flood", "approve", $"attempt {i}")).Refused("verb approve");
        }

        await shop.RecordedAsync("flood", "AttemptDenied", Mallory.Name);
        Assert.InRange((await shop.Shop.TrailAsync("flood")).Count(r => r.Action == "AttemptDenied"), 1, 5);
        shop.Tried("fifteen refused attempts, to flood the trail", "at most five records a minute; the rest is counted");
    }

    [Fact]
    public async Task A_module_is_waived_by_another_person_with_the_verb_or_not_at_all()
    {
        await ComposerLock.StoreAsync(shop.Shop.Namespace, "magento-modules", "2.3.1");
        await Kubectl.ApplyAsync($$"""
            apiVersion: patchoperator.io/v1alpha1
            kind: ModuleCompatibility
            metadata: {name: acme-fraud-check, namespace: {{shop.Shop.Namespace}}}
            spec:
              module: {name: acme/module-fraud-check, type: ComposerPackage}
              rules: [{versions: ">=2.3 <2.4", verdict: Incompatible, reason: checkout answers 500}]
            """);
        (await shop.CreateAsync(Dana, shop.Manifest("waived", "  compatibility: {mode: Enforce, onUnknown: Warn, inventory: {configMap: {name: magento-modules, key: composer.lock}}}"))).Ok();
        await shop.RecordedAsync("waived", "CompatibilityBlocked");
        (await shop.CommandAsync(Mallory, "waived", "waive", Waiver)).Refused("verb approve");
        shop.Tried("waiving a module without the verb `approve`", "refused with the verb's name");
        (await shop.CommandAsync(Dana.With(Person.Approves), "waived", "waive", Waiver)).Refused("another person");
        shop.Tried("the requester waives the module that blocks their patch", "refused: another person must");
        (await shop.CommandAsync(Alice, "waived", "waive", "acme/module-gift-wrap: CHG-1")).Ok();
        await shop.RecordedAsync("waived", "WaiverRefused");
        shop.Tried("waiving a module that is not in the way, to have a waiver at hand", "WaiverRefused on record");
    }

    private static JsonObject Spec(string field, string value) => new() { ["spec"] = new JsonObject { [field] = value } };
}
