using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;
using static PatchOperator.Tests.E2E.Attacks.BesiegedShop;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>Needs a real cluster: facts, trails and statuses that somebody makes up, edits, repeats or takes away.</summary>
[Trait("Needs", "Cluster")]
[Collection(BesiegedCollection.Name)]
public sealed class ForgeryTests(BesiegedShop shop)
{
    [Fact]
    public async Task Made_up_facts_and_statuses_are_refused_and_recorded()
    {
        await shop.WaitingAsync("forged");
        (await shop.AnnotateAsync(Mallory, "forged", "patchoperator.io/fact-mine", Claim(Alice.Name))).Refused("denied the request");
        await shop.RecordedAsync("forged", "ForgeryDenied", Mallory.Name);
        shop.Tried("an annotation `patchoperator.io/fact-…` that says Alice approved", "refused; ForgeryDenied on record with the author's name");

        (await shop.ReplaceAsync(Mallory, "forged", Promote, "/status")).Refused("forbidden");
        shop.Tried("phase Promoted written into the status", "Forbidden: no role of the chart has that right");

        var granted = Mallory.With(Person.WritesStatus);
        (await shop.ReplaceAsync(granted, "forged", Promote, "/status")).Refused("denied the request");
        shop.Tried("the same by someone who was given that right by mistake", "refused by the webhook");

        (await shop.ReplaceAsync(granted, "forged", patch => patch["status"]!["approvals"] = Approvals(patch), "/status")).Refused("denied the request");
        shop.Tried("an approval written into the status, by the same", "refused by the webhook");
        await shop.NothingStartedAsync("forged");

        static void Promote(JsonObject patch) => patch["status"]!["phase"] = "Promoted";
    }

    [Fact]
    public async Task A_genuine_fact_counts_once_and_for_one_patch()
    {
        await shop.WaitingAsync("replayed");
        await shop.WaitingAsync("replayed-2");
        (await shop.CommandAsync(Alice, "replayed", "approve", "CHG-1")).Ok();
        await shop.UntilApprovedByAsync("replayed", 1);
        var fact = (await shop.Shop.PatchStateAsync("replayed"))!["status"]!["approvals"]![0]!["fact"]!.GetValue<string>();
        var id = JsonNode.Parse(fact)!["id"]!.GetValue<string>();
        (await shop.AnnotateAsync(Mallory, "replayed", Annotations.FactPrefix + id, fact)).Refused("denied the request");
        shop.Tried("a genuine approval fact, written again", "refused");
        (await shop.AnnotateAsync(Mallory, "replayed-2", Annotations.FactPrefix + id, fact)).Refused("denied the request");
        shop.Tried("the same fact, on another patch", "refused");
        Assert.Equal([Alice.Name], await shop.ApproversAsync("replayed"));
        Assert.Empty(await shop.ApproversAsync("replayed-2"));
        await shop.NothingStartedAsync("replayed");
    }

    [Fact]
    public async Task The_trail_stays_what_it_was()
    {
        await shop.WaitingAsync("trail");
        var before = (await shop.AnnotationAsync("trail", Annotations.Audit))!;
        var reply = (await shop.AnnotateAsync(Mallory, "trail", Annotations.Audit, before.Replace("dana", "erin", StringComparison.Ordinal))).Ok();
        Assert.Contains("written by the operator alone", reply.Text, StringComparison.Ordinal);
        Assert.Equal(before, await shop.AnnotationAsync("trail", Annotations.Audit));
        shop.Tried("a name in the trail is edited", "the trail stays what it was, and kubectl shows a warning");

        (await shop.DoAsync(Mallory, ["annotate", "epatch", "trail", Annotations.Audit + "-"])).Ok();
        Assert.Equal(before, await shop.AnnotationAsync("trail", Annotations.Audit));
        shop.Tried("the trail's annotation is removed", "it is there still");

        (await shop.ReplaceAsync(Mallory, "trail", patch => patch["metadata"]!.AsObject().Remove("annotations"))).Ok();
        Assert.Equal(before, await shop.AnnotationAsync("trail", Annotations.Audit));
        shop.Tried("`kubectl replace` without annotations, to lose the trail", "it is there still");

        (await shop.CommandAsync(Alice, "trail", "approve", "CHG-2")).Ok();
        (await shop.ReplaceAsync(Mallory, "trail", patch => patch["metadata"]!.AsObject().Remove("annotations"))).Ok();
        await shop.UntilApprovedByAsync("trail", 1);
        shop.Tried("the same right behind an approval, to lose it", "the approval is taken in");
        Assert.Null(AuditChain.FindFault(await shop.Shop.TrailAsync("trail")));

        (await shop.CreateAsync(Dana, shop.Manifest("trail-brought").Replace("metadata: {name: trail-brought,", "metadata: {annotations: {patchoperator.io/audit: '[]'}, name: trail-brought,", StringComparison.Ordinal))).Ok();
        await shop.RecordedAsync("trail-brought", "Requested", Dana.Name);
        Assert.Equal("[]", await shop.AnnotationAsync("trail-brought", Annotations.RestoredAudit));
        shop.Tried("a manifest that brings a trail of its own", "set aside as `restored-audit`; a trail of its own begins");
    }

    [Fact]
    public async Task A_deleted_patch_leaves_its_trail_and_takes_its_approvals_along()
    {
        await shop.WaitingAsync("deleted");
        (await shop.CommandAsync(Alice, "deleted", "approve", "CHG-3")).Ok();
        await shop.UntilApprovedByAsync("deleted", 1);
        var before = (await shop.Shop.PatchStateAsync("deleted"))!;
        (await shop.DoAsync(Mallory, ["delete", "epatch", "deleted", "--wait=true", "--timeout=60s"])).Ok();
        var kept = (await Kubectl.ListAsync(shop.Shop.Namespace, "configmaps")).Where(c => c["metadata"]!["name"]!.GetValue<string>().Contains("deleted", StringComparison.Ordinal)).ToArray();
        Assert.Contains(kept, c => c.ToJsonString().Contains("ApprovalRecorded", StringComparison.Ordinal));
        shop.Tried("the patch is deleted to lose its trail", "a ConfigMap keeps the whole of it");

        before["metadata"]!.AsObject().Remove("resourceVersion");
        before["metadata"]!.AsObject().Remove("uid");
        before["metadata"]!.AsObject().Remove("finalizers");
        (await shop.CreateAsync(Mallory, before.ToJsonString())).Ok();
        await shop.Shop.UntilPhaseAsync("AwaitingApproval", 60, "deleted");
        await shop.RecordedAsync("deleted", "Requested", Mallory.Name);
        Assert.Empty(await shop.ApproversAsync("deleted"));
        shop.Tried("made anew from a backup with its approvals, under the same name", "the approvals are of another patch: none counts, and whoever made it is on record as having asked");
        await shop.NothingStartedAsync("deleted");
    }

    [Fact]
    public async Task An_edited_export_does_not_verify()
    {
        await shop.WaitingAsync("export");
        var cli = Environment.GetEnvironmentVariable("EPATCH_BIN") ?? throw new InvalidOperationException("EPATCH_BIN must name kubectl-epatch; make e2e sets it.");
        var folder = Directory.CreateTempSubdirectory("trail");
        var good = Path.Combine(folder.FullName, "good.json");
        var bad = Path.Combine(folder.FullName, "bad.json");
        var patch = (await shop.Shop.PatchStateAsync("export"))!;
        await File.WriteAllTextAsync(good, patch.ToJsonString());
        patch["metadata"]!["annotations"]![Annotations.Audit] = patch["metadata"]!["annotations"]![Annotations.Audit]!.GetValue<string>().Replace("dana", "erin", StringComparison.Ordinal);
        await File.WriteAllTextAsync(bad, patch.ToJsonString());
        var (goodCode, goodText) = await RunAsync(cli, "audit", "verify", "-f", good);
        var (badCode, badText) = await RunAsync(cli, "audit", "verify", "-f", bad);
        Assert.DoesNotContain("BROKEN", goodText, StringComparison.Ordinal);
        Assert.NotEqual(goodCode, badCode);
        Assert.Contains("BROKEN", badText, StringComparison.Ordinal);
        shop.Tried("a name in an exported trail is edited", "`kubectl epatch audit verify`: BROKEN, with the record's number");
        folder.Delete(recursive: true);
    }

    internal static string Claim(string actor) =>
        $$"""{"actor":"{{actor}}","at":"2026-11-23T09:00:00Z","command":"approve","id":"mine","key":"0","name":"fix","namespace":"shop","reason":"trust me","seal":"00","specDigest":"v1:sha256:0"}""";

    internal static JsonArray Approvals(JsonObject patch) => new(new JsonObject
    {
        ["by"] = Alice.Name,
        ["verified"] = true,
        ["reason"] = "trust me",
        ["at"] = "2026-11-23T09:00:00Z",
        ["expiresAt"] = "2126-11-23T09:00:00Z",
        ["specDigest"] = patch["status"]!["specDigest"]!.DeepClone(),
        ["fact"] = Claim(Alice.Name),
    });

    private static async Task<(int Code, string Text)> RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
