using System.Text.Json.Nodes;
using PatchOperator.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>
/// Attacks by people who may edit EmergencyPatches, against the whole operator, its real webhooks over TLS and the API server's double.
/// Each says what happened; operator/PatchOperator/Admission/README.md has the list, and <see cref="SideDoorTests"/> go past the front door.
/// </summary>
public sealed class AttackTests
{
    private const string Approve = "patchoperator.io/approve";

    [Attack("an annotation `patchoperator.io/fact-…` that says Alice approved", "403; on record as ForgeryDenied with the author's name")]
    [Fact]
    public async Task Forged_approval_as_an_annotation_is_refused_and_recorded()
    {
        await using var gatehouse = await WaitingAsync();
        var reply = await gatehouse.AnnotateAsync(Gatehouse.Mallory, "patchoperator.io/fact-mine", Claim("alice@example.com"));
        Assert.Equal(403, reply.Code);
        await RecordedAsync(gatehouse, "ForgeryDenied", Gatehouse.Mallory);
        await NothingStartedAsync(gatehouse);
    }

    [Attack("the same while the webhooks are down", "stored, unsealed, taken away; FactRefused on record; nothing starts")]
    [Fact]
    public async Task Forged_approval_while_no_webhook_can_be_reached_is_taken_away_and_counts_for_nothing()
    {
        await using var gatehouse = await WaitingAsync();
        gatehouse.Cut();
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, "patchoperator.io/fact-mine", Claim("alice@example.com"))).Ok();
        await RecordedAsync(gatehouse, "FactRefused", null);
        await gatehouse.Town.UntilAsync(() => Annotation(gatehouse, "patchoperator.io/fact-mine") is null, "it is taken away");
        await NothingStartedAsync(gatehouse);
    }

    [Attack("an approval written into the status", "403")]
    [Attack("the same while the webhooks are down", "its fact has no seal that holds: it counts for nothing")]
    [Fact]
    public async Task Forged_approval_in_the_status_is_refused_and_without_webhooks_counts_for_nothing()
    {
        await using var gatehouse = await WaitingAsync();
        Assert.Equal(403, (await gatehouse.ReplaceAsync(Gatehouse.Mallory, Edit, subresource: "/status")).Code);
        gatehouse.Cut();
        (await gatehouse.ReplaceAsync(Gatehouse.Mallory, Edit, subresource: "/status")).Ok();
        await NothingStartedAsync(gatehouse);

        static void Edit(JsonObject patch) => patch["status"]!["approvals"] = new JsonArray(new JsonObject
        {
            ["by"] = "alice@example.com",
            ["verified"] = true,
            ["reason"] = "trust me",
            ["at"] = "2026-11-23T09:00:00Z",
            ["expiresAt"] = "2126-11-23T09:00:00Z",
            ["specDigest"] = patch["status"]!["specDigest"]!.DeepClone(),
            ["fact"] = Claim("alice@example.com"),
        });
    }

    [Attack("approving without the verb `approve`", "403 that names the verb; AttemptDenied on record and as an Event")]
    [Fact]
    public async Task Approval_without_the_verb_is_refused_with_an_Event_and_a_record()
    {
        await using var gatehouse = await WaitingAsync();
        var reply = await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", "me too");
        Assert.Equal(403, reply.Code);
        Assert.Contains("verb approve", reply.Message, StringComparison.Ordinal);
        await RecordedAsync(gatehouse, "AttemptDenied", Gatehouse.Mallory);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Events("AttemptDenied").Count == 1, "there is an Event");
        Assert.Null(Annotation(gatehouse, Approve));
        var asked = Assert.Single(gatehouse.Reviews);
        Assert.Equal(["developers", "system:authenticated"], asked["groups"]!.AsArray().Select(g => g!.ToString()));
        Assert.Equal("uid-mallory", asked["uid"]!.ToString());
    }

    [Attack("the creator approves, with the verb", "403")]
    [Attack("the creator approves as a member of an accountable group", "403: another person must")]
    [Fact]
    public async Task Self_approval_is_refused_also_with_the_verb_and_through_a_group()
    {
        await using var gatehouse = await WaitingAsync();
        gatehouse.Grant(Gatehouse.Dana, "approve");
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Dana, "approve", "mine")).Code);
        var lead = Gatehouse.Dana with { Groups = ["security-leads", "payments"] };
        var reply = await gatehouse.CommandAsync(lead, "approve", "as a lead");
        Assert.Equal(403, reply.Code);
        Assert.Contains("another person", reply.Message, StringComparison.Ordinal);
        await NothingStartedAsync(gatehouse);
    }

    [Attack("the creator approves under a second account of the same UID", "403")]
    [Fact]
    public async Task Self_approval_under_a_second_account_of_one_uid_is_refused()
    {
        await using var gatehouse = await WaitingAsync();
        var second = Gatehouse.Dana with { Name = "dana-admin" };
        gatehouse.Grant(second, "approve");
        Assert.Equal(403, (await gatehouse.CommandAsync(second, "approve", "someone else entirely")).Code);
    }

    [Attack("someone edits the spec, then approves it", "403: whoever edits asks for it")]
    [Fact]
    public async Task Self_approval_by_an_edit_of_the_spec_is_refused()
    {
        await using var gatehouse = await WaitingAsync();
        (await gatehouse.ReplaceAsync(Gatehouse.Alice, patch => patch["spec"]!["platform"] = "Magento")).Ok();
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "I only changed the platform")).Code);
    }

    [Attack("edit and approval in one write", "403, and nothing of it is stored")]
    [Fact]
    public async Task Self_approval_in_one_write_with_the_edit_is_refused_and_nothing_of_it_stored()
    {
        await using var gatehouse = await WaitingAsync();
        var reply = await gatehouse.ReplaceAsync(Gatehouse.Alice, patch =>
        {
            patch["spec"]!["platform"] = "Magento";
            (patch["metadata"]!["annotations"] ??= new JsonObject())[Approve] = "at once";
        });
        Assert.Equal(403, reply.Code);
        Assert.Null(gatehouse.Town.Patch()!["spec"]!["platform"]);
    }

    [Attack("an approval inside the manifest", "422; nothing is created")]
    [Fact]
    public async Task Approval_that_comes_with_the_creation_is_refused()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        var manifest = Town.Manifest();
        manifest["metadata"]!["annotations"] = new JsonObject { [Approve] = "of course" };
        var reply = await gatehouse.CreateAsync(Gatehouse.Alice, manifest);
        Assert.Equal(422, reply.Code);
        Assert.Null(gatehouse.Town.Patch());
    }

    [Attack("one approver in two accountable groups, approving twice", "counts once")]
    [Fact]
    public async Task One_approver_in_two_accountable_groups_counts_once()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2,"accountable":["group:security-leads","group:payments"]}""");
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "as a lead")).Ok();
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "and for payments")).Ok();
        await NothingStartedAsync(gatehouse);
        (await gatehouse.CommandAsync(Gatehouse.Carol, "approve", "the second person")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
        Assert.Equal(["bob@example.com", "carol@example.com"], Approvers(gatehouse));
    }

    [Attack("a race of three approvals, to lose one", "all are kept")]
    [Fact]
    public async Task Approvals_by_two_people_at_once_are_both_kept()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":3}""");
        var replies = await Task.WhenAll(gatehouse.CommandAsync(Gatehouse.Alice, "approve", "a"), gatehouse.CommandAsync(Gatehouse.Bob, "approve", "b"), gatehouse.CommandAsync(Gatehouse.Carol, "approve", "c"));
        Assert.All(replies, reply => reply.Ok());
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
        Assert.Equal(["alice@example.com", "bob@example.com", "carol@example.com"], Approvers(gatehouse));
    }

    [Attack("a genuine fact written again", "403")]
    [Attack("the same while the webhooks are down, also under another name", "taken away, counts for nothing")]
    [Fact]
    public async Task Replayed_fact_of_this_patch_or_another_is_refused_and_without_webhooks_counts_for_nothing()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2}""");
        await gatehouse.Town.StopOperatorAsync();
        await gatehouse.StartAsync();
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilAsync(() => Approvers(gatehouse).Count == 1, "the approval is taken in");
        var fact = gatehouse.Town.Patch()!["status"]!["approvals"]![0]!["fact"]!.ToString();
        var id = JsonNode.Parse(fact)!["id"]!.ToString();
        await gatehouse.Town.UntilAsync(() => Annotation(gatehouse, Annotations.FactPrefix + id) is null, "what was taken in is taken away");
        Assert.Equal(403, (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.FactPrefix + id, fact)).Code);
        gatehouse.Cut();
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.FactPrefix + id, fact)).Ok();
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.FactPrefix + "copy", fact)).Ok();
        await gatehouse.Town.UntilAsync(() => Annotation(gatehouse, Annotations.FactPrefix + id) is null && Annotation(gatehouse, Annotations.FactPrefix + "copy") is null, "both are taken away");
        Assert.Equal(["alice@example.com"], Approvers(gatehouse));
        await NothingStartedAsync(gatehouse);
    }

    [Attack("the image is changed after the approval", "the approval is void")]
    [Fact]
    public async Task Spec_edited_after_the_approval_needs_a_new_one()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2}""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "of the first")).Ok();
        await gatehouse.Town.UntilAsync(() => Approvers(gatehouse).Count == 1, "the approval is taken in");
        (await gatehouse.ReplaceAsync(Gatehouse.Dana, patch => patch["spec"]!["workloads"]![0]!["containers"]![0]!["image"] = Town.Stable.Replace('1', '3'))).Ok();
        await gatehouse.Town.UntilAsync(() => Approvers(gatehouse).Count == 0, "it is void");
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "of the second")).Ok();
        await NothingStartedAsync(gatehouse);
    }

    [Attack("`replace` without annotations, to lose trail and facts", "both are put back")]
    [Fact]
    public async Task A_replace_without_annotations_loses_neither_the_trail_nor_a_waiting_fact()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2}""");
        var trail = gatehouse.Town.Trail();
        await gatehouse.Town.StopOperatorAsync();
        await gatehouse.StartAsync();
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        (await gatehouse.ReplaceAsync(Gatehouse.Mallory, patch => patch["metadata"]!.AsObject().Remove("annotations"))).Ok();
        await gatehouse.Town.UntilAsync(() => Approvers(gatehouse).Count == 1, "the approval is taken in");
        Assert.Equal(trail.Select(r => r.Hash), gatehouse.Town.Trail().Take(trail.Count).Select(r => r.Hash));
        Assert.Null(AuditChain.FindFault(gatehouse.Town.Trail()));
    }

    [Attack("a record of the trail is edited", "it stays what it was; the client gets a warning")]
    [Attack("the trail's annotation is removed", "put back")]
    [Fact]
    public async Task An_edited_trail_stays_what_it_was_and_the_client_is_told()
    {
        await using var gatehouse = await WaitingAsync();
        var before = Annotation(gatehouse, Annotations.Audit)!;
        var reply = (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.Audit, before.Replace("dana", "erin", StringComparison.Ordinal))).Ok();
        Assert.Contains(reply.Warnings, w => w.Contains("written by the operator alone", StringComparison.Ordinal));
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.Audit, null)).Ok();
        Assert.Equal(before, Annotation(gatehouse, Annotations.Audit));
    }

    [Attack("a manifest that brings a trail of its own", "kept as `restored-audit`; a new trail begins")]
    [Fact]
    public async Task A_trail_that_comes_with_the_creation_is_set_aside()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        var manifest = Town.Manifest();
        manifest["metadata"]!["annotations"] = new JsonObject { [Annotations.Audit] = "[]" };
        var reply = (await gatehouse.CreateAsync(Gatehouse.Dana, manifest)).Ok();
        Assert.NotEmpty(reply.Warnings);
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        Assert.Equal("[]", Annotation(gatehouse, Annotations.RestoredAudit));
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Count > 0, "a trail of its own begins");
    }

    [Attack("approval, forgery and creation as dry runs", "the same answers; nothing is stored, recorded or told")]
    [Fact]
    public async Task A_dry_run_approves_nothing_records_nothing_and_answers_the_same()
    {
        await using var gatehouse = await WaitingAsync();
        var before = gatehouse.Town.Patch()!;
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "only asking", dryRun: true)).Ok();
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", "only asking", dryRun: true)).Code);
        Assert.Equal(422, (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest("other", image: "magento:latest"), dryRun: true)).Code);
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest("other"), dryRun: true)).Ok();
        await NothingStartedAsync(gatehouse);
        var after = gatehouse.Town.Patch()!;
        Assert.True(JsonNode.DeepEquals(before["metadata"]!["annotations"], after["metadata"]!["annotations"]), "no annotation changed");
        Assert.True(JsonNode.DeepEquals(before["status"]!["approvals"], after["status"]!["approvals"]), "no approval was taken in");
        Assert.Null(gatehouse.Town.Patch("other"));
        Assert.Empty(gatehouse.Town.Events("AttemptDenied"));
    }

    [Attack("a reason of 200,000 characters", "422: at most 1024")]
    [Fact]
    public async Task A_huge_reason_is_refused_with_what_to_write()
    {
        await using var gatehouse = await WaitingAsync();
        var reply = await gatehouse.CommandAsync(Gatehouse.Alice, "approve", new string('x', 200_000));
        Assert.Equal(422, reply.Code);
        Assert.Contains("200000 characters; write at most 1024", reply.Message, StringComparison.Ordinal);
    }

    [Attack("a reason that turns the direction of the text", "422 that names the character")]
    [Attack("invisible characters in a reason", "422")]
    [Attack("a line break that forges a log line, a terminal escape", "422")]
    [Attack("a private-use character", "422")]
    [Theory]
    [InlineData("approved\u202Edetcejer", "turns the direction")]
    [InlineData("app\u200Broved", "invisible")]
    [InlineData("approved\nAudit shop/fix 7 Promoted", "control character")]
    [InlineData("\u001b[2Japproved", "control character")]
    [InlineData("appr\uFE0Foved", "invisible")]
    [InlineData("\uE000", "without a meaning")]
    public async Task Unicode_tricks_in_a_reason_are_refused_by_name(string reason, string what)
    {
        await using var gatehouse = await WaitingAsync();
        var reply = await gatehouse.CommandAsync(Gatehouse.Alice, "approve", reason);
        Assert.Equal(422, reply.Code);
        Assert.Contains(what, reply.Message, StringComparison.Ordinal);
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "Genehmigt für José 承認 ✓")).Ok();
    }

    [Attack("`аlice` with a Cyrillic а, full-width, in capitals, to be two people", "counts as Alice")]
    [Attack("a user name with a zero-width space", "403")]
    [Fact]
    public async Task Names_that_look_like_another_person_count_as_that_person()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2}""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "me")).Ok();

        // As the webhook would see it: HTTP headers of the impersonation carry no such letters, client certificates do.
        var mutator = gatehouse.Town.Service<AdmissionMutator>();
        foreach (var name in (string[])["аlice@example.com", "ａlice@example.com", "ALICE@example.com"])
        {
            gatehouse.Grant(new ClusterUser(name), "approve");
            var patch = gatehouse.Town.Patch()!;
            var next = patch.DeepClone().AsObject();
            next["metadata"]!["annotations"]![Approve] = "me as well";
            var answer = await mutator.AnswerAsync(Question(patch, next, name), TestContext.Current.CancellationToken);
            Assert.True(answer.Allowed);
            var change = JsonNode.Parse(answer.Patch!)!.AsArray().Single(o => o!["op"]!.ToString() == "add")!;
            var key = change["path"]!.ToString().Split('/')[^1].Replace("~1", "/", StringComparison.Ordinal);
            gatehouse.Cut();
            (await gatehouse.AnnotateAsync(Gatehouse.Mallory, key, change["value"]!.ToString())).Ok();
            gatehouse.Mend();
        }

        await gatehouse.Town.UntilAsync(() => Approvers(gatehouse).Count == 4, "all are taken in");
        await NothingStartedAsync(gatehouse);
        Assert.False((await mutator.AnswerAsync(Question(gatehouse.Town.Patch()!, WithApproval(gatehouse), "ali\u200Bce@example.com"), TestContext.Current.CancellationToken)).Allowed);
    }

    [Attack("webhooks down: `promote-now` by nobody in particular", "CommandRefused; the run goes its way")]
    [Attack("webhooks down: an abort", "reverted: nothing blocks a revert")]
    [Fact]
    public async Task Webhook_down_an_approval_is_not_acted_on_and_an_abort_is()
    {
        await using var gatehouse = await WaitingAsync(steps: """[{"weight":25,"hold":"10m"}]""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
        gatehouse.Cut();
        (await gatehouse.CommandAsync(Gatehouse.Mallory, "promote-now", "hurry")).Ok();
        await RecordedAsync(gatehouse, "CommandRefused", null);
        (await gatehouse.CommandAsync(Gatehouse.Carol, "abort", "orders fail")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal(Town.Stable, gatehouse.Town.Image());
    }

    [Attack("webhooks down: a bad canary", "taken back, and the patch can be deleted")]
    [Fact]
    public async Task Webhook_down_a_bad_canary_is_taken_back_and_the_resource_can_be_deleted()
    {
        await using var gatehouse = await WaitingAsync(steps: """[{"weight":25,"hold":"10m"}]""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
        gatehouse.Cut();
        gatehouse.Town.Metrics.CanaryErrorRate = 0.5;
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Reverted);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.To == "Reverted"), "the trail says so");
        (await gatehouse.SendAsync(Gatehouse.Dana, HttpMethod.Delete, Gatehouse.Path("fix"), [])).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch() is null, "it is gone");
    }

    [Attack("a patch created past the webhooks, approved later", "403: nobody is on record as having asked")]
    [Fact]
    public async Task Created_while_no_webhook_could_be_reached_nobody_is_known_to_have_asked_and_nothing_starts()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();

        // As with failurePolicy Ignore.
        gatehouse.Town.Apply();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition("Ready")?["reason"]?.ToString() == "RequesterUnknown", "it says so");
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "whoever it was")).Code);
    }

    [Attack("forty refused attempts, to flood trail and API server", "at most five records a minute; the rest is counted")]
    [Fact]
    public async Task A_flood_of_refused_attempts_leaves_few_records()
    {
        await using var gatehouse = await WaitingAsync();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", $"attempt {i}")).Code);
        }

        await RecordedAsync(gatehouse, "AttemptDenied", Gatehouse.Mallory);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.InRange(gatehouse.Town.Trail().Count(r => r.Action == "AttemptDenied"), 1, 5);
    }

    [Attack("breaking the glass without the verb", "403")]
    [Attack("reviewing one's own broken glass", "403; ReviewMissing stays until another person reviews")]
    [Fact]
    public async Task Break_glass_takes_its_verb_starts_at_once_and_is_reviewed_by_another()
    {
        await using var gatehouse = await WaitingAsync(""","approval":{"required":2}""");
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "break-glass", "hurry")).Code);
        gatehouse.Grant(Gatehouse.Dana, "breakglass");
        (await gatehouse.CommandAsync(Gatehouse.Dana, "break-glass", "cards are being skimmed")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Promoted);
        Assert.Equal(("False", "ReviewMissing"), (gatehouse.Town.Condition("Ready")!["status"]!.ToString(), gatehouse.Town.Condition("Ready")!["reason"]!.ToString()));
        Assert.Equal(("True", "ReviewMissing"), (gatehouse.Town.Condition("Stalled")!["status"]!.ToString(), gatehouse.Town.Condition("Stalled")!["reason"]!.ToString()));
        Assert.Single(gatehouse.Town.Events("GlassBroken"), e => e["type"]!.ToString() == "Warning");
        gatehouse.Grant(Gatehouse.Dana, "approve");
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Dana, "review", "all fine")).Code);
        (await gatehouse.CommandAsync(Gatehouse.Bob, "review", "rightly so")).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition("Ready")!["status"]!.ToString() == "True", "it is ready");
    }

    [Attack("the webhook's port in plain HTTP", "no answer")]
    [Fact]
    public async Task Speaking_to_the_webhook_in_the_place_of_the_API_server_takes_more_than_plain_HTTP()
    {
        await using var gatehouse = await WaitingAsync();
        using var http = new HttpClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.PostAsync(new Uri($"http://127.0.0.1:{gatehouse.Town.AdmissionPort}/admission/mutate"), new StringContent("{}"), TestContext.Current.CancellationToken));
    }

    internal static async Task<Gatehouse> WaitingAsync(string spec = "", string steps = """[{"weight":25},{"weight":50}]""")
    {
        var gatehouse = await Gatehouse.OpenAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest(spec: spec, steps: steps))).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action == "Requested"), "it is known who asked");
        return gatehouse;
    }

    internal static async Task NothingStartedAsync(Gatehouse gatehouse)
    {
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal("AwaitingApproval", gatehouse.Town.Phase());
        Assert.Equal(Town.Stable, gatehouse.Town.Image());
    }

    internal static Task RecordedAsync(Gatehouse gatehouse, string action, ClusterUser? by) => gatehouse.Town.UntilAsync(
        () => gatehouse.Town.Trail().Any(r => r.Action == action && r.Actor == (by?.Name ?? "unverified")), $"{action} is in the trail");

    private static string? Annotation(Gatehouse gatehouse, string name) => gatehouse.Town.Patch()?["metadata"]!["annotations"]?[name]?.ToString();

    internal static IReadOnlyList<string> Approvers(Gatehouse gatehouse) =>
        [.. (gatehouse.Town.Patch()?["status"]?["approvals"] as JsonArray ?? []).Select(a => a!["by"]!.ToString()).Order(StringComparer.Ordinal)];

    private static JsonObject WithApproval(Gatehouse gatehouse)
    {
        var patch = gatehouse.Town.Patch()!;
        patch["metadata"]!["annotations"]![Approve] = "me";
        return patch;
    }

    internal static AdmissionQuestion Question(JsonObject before, JsonObject after, string user) => new()
    {
        Uid = Guid.NewGuid().ToString(),
        Operation = "UPDATE",
        Namespace = Town.Namespace,
        Name = "fix",
        Resource = new GroupResource { Group = Names.Group, Version = Names.Version, Resource = Names.EmergencyPatchPlural },
        UserInfo = new ReviewUser { Username = user, Groups = [] },
        OldObject = before,
        Object = after,
    };

    internal static string Claim(string actor) =>
        $$"""{"actor":"{{actor}}","at":"2026-11-23T09:00:00Z","command":"approve","id":"mine","key":"0","name":"fix","namespace":"shop","reason":"trust me","seal":"00","specDigest":"v1:sha256:0"}""";
}
