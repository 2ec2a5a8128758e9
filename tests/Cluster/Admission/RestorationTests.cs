using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>Patches that come back from a backup, without status and through the webhooks, and what somebody might make of that.</summary>
public sealed class RestorationTests
{
    [Attack("an approved patch is deleted and restored from a backup, to keep its approvals", "the trail goes on and says so; nobody has approved the new one")]
    [Fact]
    public async Task A_signed_trail_goes_on_and_its_approvals_do_not()
    {
        await using var gatehouse = await SignedAsync(""","approval":{"required":2}""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await AttackTests.RecordedAsync(gatehouse, "ApprovalRecorded", Gatehouse.Alice);
        var backup = await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);

        (await gatehouse.CreateAsync(Gatehouse.Carol, Restored(backup))).Ok();
        var trail = await TrailWithAsync(gatehouse, AuditWatch.Continued);
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);

        var before = AuditChain.Parse(Annotation(backup, Annotations.Audit))!;
        Assert.Equal(before, trail.Take(before.Count));
        Assert.Null(AuditChain.FindFault(trail));
        Assert.Contains(backup["metadata"]!["uid"]!.GetValue<string>(), trail.Single(r => r.Action == AuditWatch.Continued).Detail, StringComparison.Ordinal);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Skip(before.Count).Any(r => r.Action == "Requested" && r.Actor == Gatehouse.Carol.Name), "it says who restored it");
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition(ConditionTypes.AuditIntact) is { } c && c["status"]!.ToString() == "True" && c["reason"]!.ToString() == "Signed", "it is signed and whole");
        await gatehouse.Town.UntilAsync(() => Annotation(gatehouse.Town.Patch()!, Annotations.RestoredAudit) is null && Annotation(gatehouse.Town.Patch()!, Annotations.RestoredAuditSeal) is null, "nothing is set aside");
        (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", "yes")).Ok();
        await AttackTests.RecordedAsync(gatehouse, "ApprovalRecorded", Gatehouse.Bob);
        Assert.Equal([Gatehouse.Bob.Name], AttackTests.Approvers(gatehouse));
        await AttackTests.NothingStartedAsync(gatehouse);
        Assert.Single(gatehouse.Town.Trail(), r => r.Action == AuditWatch.Continued);
    }

    [Attack("an older backup of a patch is restored over a deletion, to drop its latest records", "not continued: the operator's record of heads knows of more; RestoredTrailSetAside on record")]
    [Fact]
    public async Task An_older_copy_that_is_genuine_does_not_drop_what_came_later()
    {
        await using var gatehouse = await SignedAsync();
        var old = await BackupAsync(gatehouse);
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", "me too")).Code);
        await AttackTests.RecordedAsync(gatehouse, "AttemptDenied", Gatehouse.Mallory);
        await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        await TakeArchivesAsync(gatehouse);

        (await gatehouse.CreateAsync(Gatehouse.Mallory, Restored(old))).Ok();
        var record = (await TrailWithAsync(gatehouse, AuditWatch.SetAside)).Single(r => r.Action == AuditWatch.SetAside);
        Assert.Contains("its end was removed", record.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(gatehouse.Town.Trail(), r => r.Action == AuditWatch.Continued);
        Assert.Equal(1, gatehouse.Town.Trail()[0].Sequence);
        Assert.Equal(Annotation(old, Annotations.Audit), Annotation(gatehouse.Town.Patch()!, Annotations.RestoredAudit));
    }

    [Attack("the backup from before a restoration is restored a second time, to drop what came since", "not continued, although it is whole for the uid it names")]
    [Fact]
    public async Task A_copy_of_an_earlier_life_does_not_drop_what_the_later_one_recorded()
    {
        await using var gatehouse = await SignedAsync();
        var first = await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        (await gatehouse.CreateAsync(Gatehouse.Carol, Restored(first))).Ok();
        await TrailWithAsync(gatehouse, AuditWatch.Continued);
        await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        await TakeArchivesAsync(gatehouse);

        (await gatehouse.CreateAsync(Gatehouse.Mallory, Restored(first))).Ok();
        var record = (await TrailWithAsync(gatehouse, AuditWatch.SetAside)).Single(r => r.Action == AuditWatch.SetAside);
        Assert.Contains("its end was removed", record.Detail, StringComparison.Ordinal);
    }

    [Attack("a manifest with the signed trail of another patch", "not continued: the signature names its patch")]
    [Fact]
    public async Task A_trail_of_another_patch_is_set_aside()
    {
        await using var gatehouse = await SignedAsync();
        var backup = await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        (await gatehouse.CreateAsync(Gatehouse.Mallory, Restored(backup, "other"))).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail("other").Any(r => r.Action == AuditWatch.SetAside), "it is set aside");
        Assert.DoesNotContain(gatehouse.Town.Trail("other"), r => r.Action == AuditWatch.Continued);
    }

    [Attack("a manifest with a trail whose hashes fit and which nobody signed", "not continued: no signature is over it")]
    [Fact]
    public async Task A_trail_without_a_seal_is_set_aside_and_stays_where_it_was_put()
    {
        await using var gatehouse = await SignedAsync();
        var backup = await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        var manifest = Restored(backup);
        manifest["metadata"]!["annotations"]!.AsObject().Remove(Annotations.AuditSeal);
        (await gatehouse.CreateAsync(Gatehouse.Mallory, manifest)).Ok();
        await TrailWithAsync(gatehouse, AuditWatch.SetAside);
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.RestoredAudit, "[]")).Ok();
        (await gatehouse.AnnotateAsync(Gatehouse.Mallory, Annotations.RestoredAuditSeal, Annotation(backup, Annotations.AuditSeal))).Ok();
        Assert.Equal(Annotation(backup, Annotations.Audit), Annotation(gatehouse.Town.Patch()!, Annotations.RestoredAudit));
        Assert.Null(Annotation(gatehouse.Town.Patch()!, Annotations.RestoredAuditSeal));
    }

    [Fact]
    public async Task A_long_trail_goes_on_through_a_second_restoration_beside_what_is_not_its_own()
    {
        await using var gatehouse = await SignedAsync();
        for (var i = 0; i < AuditChain.Kept + 10; i++)
        {
            (await gatehouse.CommandAsync(Gatehouse.Alice, "resume", $"not needed {i}")).Ok();
            await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch()!["metadata"]!["annotations"]!.AsObject().All(a => !Annotations.IsFact(a.Key)), "the command is taken");
        }

        // As if there were more of it.
        var forged = AuditChain.Append(new AuditStatus { Sequence = 500, Head = "sha256:none" }, new AuditEntry { At = DateTimeOffset.UnixEpoch, Actor = "ciso", Action = "ApprovalRecorded" });
        Plant(gatehouse, "fix-audit-501", gatehouse.Town.Patch()!, forged.Recent!);
        for (var life = 0; life < 2; life++)
        {
            var backup = await BackupAsync(gatehouse);
            Assert.True(AuditChain.Parse(Annotation(backup, Annotations.Audit))![0].Sequence > 1);
            await DeleteAsync(gatehouse);
            // Records that nobody wrote and that follow the last one there is, with a copy of its signature.
            var status = backup["status"]!["audit"]!;
            var next = AuditChain.Append(new AuditStatus { Sequence = (long)status["sequence"]!, Head = status["head"]!.ToString() }, new AuditEntry { At = DateTimeOffset.UnixEpoch, Actor = "ciso", Action = "ApprovalRecorded" });
            Plant(gatehouse, $"fix-audit-linked-{life}", backup, next.Recent!);
            (await gatehouse.CreateAsync(Gatehouse.Carol, Restored(backup))).Ok();
            await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action is AuditWatch.Continued or AuditWatch.SetAside && r.Sequence > (long)backup["status"]!["audit"]!["sequence"]!), "the restored trail is judged");
            Assert.DoesNotContain(gatehouse.Town.Trail(), r => r.Action == AuditWatch.SetAside);
            await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition(ConditionTypes.AuditIntact) is { } c && c["reason"]!.ToString() == "Signed", "it is signed and whole");
            await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        }
    }

    [Attack("an older backup is restored over a deletion, where the operator's record of heads was lost", "not continued: a retained ConfigMap knows of more, under the operator's signature")]
    [Fact]
    public async Task Without_the_heads_a_retained_ConfigMap_shows_that_there_was_more()
    {
        await using var gatehouse = await SignedAsync();
        var old = await BackupAsync(gatehouse);
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", "me too")).Code);
        await AttackTests.RecordedAsync(gatehouse, "AttemptDenied", Gatehouse.Mallory);
        await BackupAsync(gatehouse);
        await DeleteAsync(gatehouse);
        await gatehouse.Town.StopOperatorAsync();
        gatehouse.Town.Api.Store.Delete(ConfigMaps, "patch-operator-system", "patch-operator-audit-heads");
        await gatehouse.StartAsync();

        (await gatehouse.CreateAsync(Gatehouse.Mallory, Restored(old))).Ok();
        var record = (await TrailWithAsync(gatehouse, AuditWatch.SetAside)).Single(r => r.Action == AuditWatch.SetAside);
        Assert.Contains("ConfigMap", record.Detail, StringComparison.Ordinal);
        Assert.Contains("its end was removed", record.Detail, StringComparison.Ordinal);
    }

    private static readonly ResourceName ConfigMaps = new("", "v1", "configmaps");

    /// <summary>By somebody who may delete ConfigMaps: what is in the operator's namespace is all that is left.</summary>
    private static async Task TakeArchivesAsync(Gatehouse gatehouse)
    {
        // A last look at the patch that is gone may keep its trail once more.
        await gatehouse.Town.StopOperatorAsync();
        foreach (var map in gatehouse.Town.Api.Store.List(ConfigMaps, Town.Namespace).Where(map => map["metadata"]!["labels"]?[Labels.AuditArchive] is not null))
        {
            gatehouse.Town.Api.Store.Delete(ConfigMaps, Town.Namespace, map["metadata"]!["name"]!.ToString());
        }

        await gatehouse.StartAsync();
    }

    /// <summary>By somebody who may write ConfigMaps.</summary>
    private static void Plant(Gatehouse gatehouse, string name, JsonObject patch, IReadOnlyList<AuditRecord> records) => gatehouse.Town.Api.Store.Create(ConfigMaps, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = Town.Namespace,
            ["labels"] = new JsonObject { [Labels.AuditArchive] = "true", [Labels.PatchUid] = patch["metadata"]!["uid"]!.ToString() },
            ["annotations"] = new JsonObject { [Annotations.Patch] = "fix", [Annotations.AuditSeal] = Annotation(patch, Annotations.AuditSeal) },
        },
        ["data"] = new JsonObject { ["records"] = AuditChain.Format(records) },
    });

    private static async Task<Gatehouse> SignedAsync(string spec = "")
    {
        var gatehouse = await Gatehouse.OpenAsync(started: false);
        gatehouse.Town.AuditSecret = "patch-operator-audit";
        await gatehouse.StartAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest(spec: spec))).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action == "Requested"), "it is known who asked");
        return gatehouse;
    }

    /// <summary>What is stored once nothing is on its way any more.</summary>
    private static async Task<JsonObject> BackupAsync(Gatehouse gatehouse)
    {
        JsonObject? patch = null;
        await gatehouse.Town.UntilAsync(
            () => (patch = gatehouse.Town.Patch()) is not null && AuditChain.Parse(Annotation(patch, Annotations.Audit)) is [.., var last]
                && last.Sequence == (long?)patch["status"]?["audit"]?["sequence"] && AuditSeals.Parse(Annotation(patch, Annotations.AuditSeal))?.Sequence == last.Sequence,
            "the trail is complete and signed");
        return patch!;
    }

    private static async Task DeleteAsync(Gatehouse gatehouse)
    {
        (await gatehouse.SendAsync(Gatehouse.Mallory, HttpMethod.Delete, Gatehouse.Path("fix"), [])).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch() is null, "it is gone");
    }

    /// <summary>As Velero does: without status, uid and what else belongs to the server; with labels and annotations.</summary>
    private static JsonObject Restored(JsonObject backup, string name = "fix") => new()
    {
        ["apiVersion"] = backup["apiVersion"]!.DeepClone(),
        ["kind"] = backup["kind"]!.DeepClone(),
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Town.Namespace, ["annotations"] = backup["metadata"]!["annotations"]!.DeepClone() },
        ["spec"] = backup["spec"]!.DeepClone(),
    };

    private static async Task<IReadOnlyList<AuditRecord>> TrailWithAsync(Gatehouse gatehouse, string action)
    {
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action == action), $"{action} is in the trail");
        return gatehouse.Town.Trail();
    }

    private static string? Annotation(JsonObject patch, string name) => patch["metadata"]!["annotations"]?[name]?.ToString();
}
