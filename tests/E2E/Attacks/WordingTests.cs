using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;
using static PatchOperator.Tests.E2E.Attacks.BesiegedShop;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>Needs a real cluster: texts that pretend, hide or overflow, dry runs, and manifests that bring more than a spec.</summary>
[Trait("Needs", "Cluster")]
[Collection(BesiegedCollection.Name)]
public sealed class WordingTests(BesiegedShop shop)
{
    [Fact]
    public async Task Texts_that_pretend_are_refused_by_name()
    {
        await shop.WaitingAsync("words");
        foreach (var (attempt, reason, because) in (IReadOnlyList<(string, string, string)>)
            [
                ("a reason that turns the direction of the text", "approved\u202Edetcejer", "turns the direction"),
                ("invisible characters in a reason", "app\u200Broved", "invisible"),
                ("a variation selector in a reason", "appr\uFE0Foved", "invisible"),
                ("a line break that forges a log line", "approved\nAudit shop/fix 7 Promoted", "control character"),
                ("a terminal escape that clears the screen", "\u001b[2Japproved", "control character"),
                ("a private-use character", "\uE000", "without a meaning"),
                ("an approval without a reason", " ", "reason"),
                ("a reason of 100,000 characters", new string('x', 100_000), "write at most 1024"),
            ])
        {
            (await shop.CommandAsync(Alice, "words", "approve", reason)).Refused(because);
            shop.Tried(attempt, "refused by name");
        }

        (await shop.CommandAsync(Mallory, "words", "Approve", "in capitals")).Ok();
        Assert.Empty(await shop.ApproversAsync("words"));
        shop.Tried("a command in capitals (`patchoperator.io/Approve`)", "no command: it stays an annotation and does nothing");
        (await shop.CommandAsync(Alice, "words", "approve", "Genehmigt für José 承認 ✓")).Ok();
        await shop.UntilApprovedByAsync("words", 1);
    }

    [Fact]
    public async Task Dry_runs_answer_the_same_and_leave_nothing()
    {
        await shop.WaitingAsync("dry");
        var before = (await shop.Shop.PatchStateAsync("dry"))!["metadata"]!["resourceVersion"]!.GetValue<string>();
        (await shop.CommandAsync(Alice, "dry", "approve", "only asking", "--dry-run=server")).Ok();
        shop.Tried("an approval as a dry run", "accepted, and nothing is stored");
        (await shop.CommandAsync(Mallory, "dry", "approve", "only asking", "--dry-run=server")).Refused("verb approve");
        shop.Tried("a refused approval as a dry run, to fill the trail", "refused; nothing is recorded");
        (await shop.CreateAsync(Dana, shop.Manifest("dry-other"), "--dry-run=server")).Ok();
        Assert.Null(await shop.Shop.PatchStateAsync("dry-other"));
        shop.Tried("a creation as a dry run", "accepted, and nothing is stored");
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(before, (await shop.Shop.PatchStateAsync("dry"))!["metadata"]!["resourceVersion"]!.GetValue<string>());
        Assert.DoesNotContain(await shop.Shop.TrailAsync("dry"), r => r.Action == "AttemptDenied");
        await shop.NothingStartedAsync("dry");
    }

    [Fact]
    public async Task A_creation_brings_a_spec_and_a_name_and_nothing_else()
    {
        await RefusedAsync("brought-1", "annotations: {patchoperator.io/approve: of course}, ", "an approval inside the manifest");
        await RefusedAsync("brought-2", "annotations: {patchoperator.io/break-glass: hurry}, ", "a glass that is broken inside the manifest");
        await RefusedAsync("brought-3", $"annotations: {{patchoperator.io/fact-mine: '{ForgeryTests.Claim(Alice.Name)}'}}, ", "a made-up fact inside the manifest");
        (await shop.CreateAsync(Dana, shop.Manifest("x").Replace("name: x,", "generateName: brought-,", StringComparison.Ordinal))).Refused("metadata.name");
        shop.Tried("a patch without a name (`generateName`), so that its facts fit several", "refused: write metadata.name");
        (await shop.CreateAsync(Dana, shop.Manifest("tagged", image: "localhost/storefront:1.1"))).Refused("spec.workloads[0].containers[0].image");
        shop.Tried("an image by tag, to change it after the approval", "refused with the field's name");

        async Task RefusedAsync(string name, string metadata, string attempt)
        {
            var reply = await shop.CreateAsync(Alice.With(Person.BreaksGlass), shop.Manifest(name).Replace($"metadata: {{name: {name},", $"metadata: {{{metadata}name: {name},", StringComparison.Ordinal));
            reply.Refused("denied the request");
            Assert.Null(await shop.Shop.PatchStateAsync(name));
            shop.Tried(attempt, "refused; nothing is created");
        }
    }
}
