using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.Signing;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>Trails of a whole operator with a key, and what becomes of them when someone or something touches them.</summary>
public sealed class AuditScenarios
{
    private const string Home = "patch-operator-system";
    private const string Secret = "patch-operator-audit";
    private static readonly ResourceName Secrets = new("", "v1", "secrets");
    private static readonly ResourceName ConfigMaps = new("", "v1", "configmaps");

    [Fact]
    public async Task A_run_is_signed_to_its_last_record_and_says_on_the_workload_what_it_did()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");

        var verdict = Verify(town);
        Assert.Equal([], verdict.Faults);
        Assert.Equal(town.Trail()[^1].Sequence, verdict.SealedThrough);
        Assert.Equal("Signed", town.Condition(ConditionTypes.AuditIntact)!["reason"]!.GetValue<string>());
        Assert.Equal(verdict.SealedThrough, AuditSeals.Parse(Text(town, Secret + "-heads", town.Patch()!["metadata"]!["uid"]!.GetValue<string>()))!.Sequence);
        var marks = town.Deployment("magento-web")!["metadata"]!["annotations"]!;
        Assert.Equal("fix", marks[Annotations.AppliedByPatch]!.GetValue<string>());
        Assert.Equal(Town.Stable, JsonNode.Parse(marks[Annotations.PreviousImages]!.GetValue<string>())!["php"]!.GetValue<string>());
        Assert.NotNull(marks[Annotations.AppliedAt]);
        Assert.Null(town.Deployment("magento-web")!["spec"]!["template"]!["metadata"]!["annotations"]?[Annotations.AppliedByPatch]);
        Assert.DoesNotContain(town.Log, line => line.Contains("PRIVATE KEY", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("edited")]
    [InlineData("cut")]
    [InlineData("reordered")]
    [InlineData("overwritten")]
    [InlineData("rewritten with its status")]
    [InlineData("added to with its status")]
    [InlineData("set back with everything beside it")]
    [InlineData("stripped of its signatures")]
    public async Task A_trail_that_was_tampered_with_is_found_said_aloud_not_signed_again_and_blocks_no_revert(string how)
    {
        await using var town = await SignedTownAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var earlier = town.Patch()!;
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilServingAsync();
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var signed = Verify(town).SealedThrough;
        Tamper(town, how, earlier);

        await town.UntilAsync(() => town.Condition(ConditionTypes.AuditIntact)?["status"]?.GetValue<string>() == "False", $"it is noticed that the trail was {how}");
        await town.UntilAsync(() => town.Events(AuditWatch.Broken).Count > 0, "it is said");
        town.Annotate(Commands.Abort, "not ours");
        await town.UntilPhaseAsync(PatchPhase.Reverted);
        Assert.Equal("False", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
        Assert.Single(town.Events(AuditWatch.Broken));
        Assert.True(AuditSeals.Parse(Text(town, Secret + "-heads", town.Patch()!["metadata"]!["uid"]!.GetValue<string>()))!.Sequence <= signed);
        Assert.NotEmpty(Verify(town).Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Keys_and_heads_that_cannot_be_read_hold_up_no_revert_and_say_nothing_of_the_trail(bool hang)
    {
        await using var town = await SignedTownAsync();
        town.Apply(steps: """[{"weight":50,"hold":"10m"}]""");
        await town.ApproveAsync();
        await town.UntilServingAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 8 && IsSettled(town), "half of the pods are canary");
        await town.StopOperatorAsync();
        var broken = true;
        using var fault = town.Api.Faults.Before(call => broken && call is { Namespace: Home } ? hang ? new FaultAction.Hang() : new FaultAction.Fail(500, "InternalError", Message: "etcd is full") : null);
        town.Metrics.CanaryErrorRate = 0.5;
        await town.StartOperatorAsync();
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "only stable serves", 6);
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 15);
        Assert.Equal("Signed", town.Condition(ConditionTypes.AuditIntact)!["reason"]!.GetValue<string>());
        broken = false;
        // What could not be read is asked for again a little later.
        await Task.Delay(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken);
        town.Annotate(Commands.Resume, "not needed");
        await town.UntilAsync(() => town.Trail().Any(r => r.Action == "CommandIgnored") && IsSettled(town) && Verify(town) is { Faults.Count: 0 } whole && whole.SealedThrough == whole.Records.Count, "the trail is complete and signed");
        Assert.DoesNotContain(town.Trail(), r => r.Action.StartsWith("Audit", StringComparison.Ordinal));
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_trail_that_a_replace_drops_is_put_back_with_its_signature()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var before = town.Trail();
        town.EditPatch("fix", patch => patch["metadata"]!.AsObject().Remove("annotations"));
        await town.UntilAsync(() => town.Trail().Count == before.Count && IsSettled(town), "it is back");
        Assert.Equal(before, town.Trail());
        Assert.Equal([], Verify(town).Faults);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_patch_that_comes_back_from_a_backup_without_status_goes_on_with_its_trail()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        await town.StopOperatorAsync();
        var backup = town.Patch()!;
        var before = town.Trail();
        town.EditPatch("fix", patch => patch["metadata"]!.AsObject().Remove("finalizers"));
        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        backup.Remove("status");
        foreach (var stamped in (string[])["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "finalizers"])
        {
            backup["metadata"]!.AsObject().Remove(stamped);
        }

        town.Api.Store.Create(Town.Patches, backup);
        await town.StartOperatorAsync();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town) && town.Trail().Count > before.Count, "the trail goes on");
        Assert.Equal(before, town.Trail().Take(before.Count));
        Assert.Equal(AuditWatch.Continued, town.Trail()[before.Count].Action);
        Assert.Equal([], Verify(town).Faults);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_trail_that_someone_made_up_for_a_new_patch_is_not_taken_for_the_operators()
    {
        await using var town = await SignedTownAsync();
        var forged = AuditChain.Append(null, new AuditEntry { At = DateTimeOffset.UnixEpoch, Actor = "ciso", Action = "ApprovalRecorded" });
        town.Apply("other");
        await town.StopOperatorAsync();
        town.Apply();
        town.EditPatch("fix", patch => patch["metadata"]!["annotations"] = new JsonObject { [Annotations.Audit] = AuditChain.Format(forged.Recent!) });
        await town.StartOperatorAsync();
        await town.UntilAsync(() => town.Condition(ConditionTypes.AuditIntact)?["status"]?.GetValue<string>() == "False", "it is noticed");
        await town.UntilAsync(() => town.Trail().Count > 2, "the operator writes on");
        town.Annotate(Commands.Reject, "not ours");
        await town.UntilPhaseAsync(PatchPhase.Rejected);
        Assert.Equal("False", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
        Assert.Equal(0, Verify(town).SealedThrough);
    }

    [Fact]
    public async Task Older_records_move_to_ConfigMaps_that_outlive_the_patch_and_all_of_it_still_verifies()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        for (var i = 0; i < 80; i++)
        {
            var reason = $"not needed {i}";
            town.Annotate(Commands.Resume, reason);
            await town.UntilAsync(() => Recent(town).Any(r => r.Detail?.Contains(reason, StringComparison.Ordinal) is true) || town.Patch()!["metadata"]!["annotations"]?["patchoperator.io/resume"] is null, "the command is recorded");
        }

        await town.UntilAsync(() => IsSettled(town) && Archives(town).Count > 0, "records were put away");
        var verdict = Verify(town);
        Assert.Equal([], verdict.Faults);
        Assert.True(verdict.Records.Count > AuditChain.Kept);
        Assert.InRange(town.Trail().Count, 1, AuditChain.Kept);
        // The signature in each is over its last record: were it over a later one, it would prove nothing once that is gone.
        Assert.All(Archives(town).Select(AuditArchive.Of), archive => Assert.Equal(archive.Records![^1].Hash, archive.Seal!.Hash));
        Assert.All(Archives(town), map => Assert.True(map["immutable"]!.GetValue<bool>() && map["metadata"]!["ownerReferences"] is null));

        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        await town.UntilAsync(() => town.Patch() is null, "the patch is gone");
        var last = Archives(town).SelectMany(map => AuditChain.Parse(map["data"]!["records"]!.GetValue<string>())!).Max(r => r.Sequence);
        Assert.True(last >= verdict.Records.Count);
    }

    [Fact]
    public async Task ConfigMaps_that_somebody_links_to_a_trail_break_it_neither_during_nor_after_the_run()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await FillAsync(town, 50);
        // Beside what the operator keeps, before it puts anything away: as if the trail went another way.
        Plant(town, "aaa", Forged(Read(town).Status!.Audit!, 200));
        await FillAsync(town, 60);
        Assert.True(Archives(town).Count > 2);
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        Plant(town, "aab", Forged(Read(town).Status!.Audit!, 3));
        Plant(town, "zzz", [.. Forged(Read(town).Status!.Audit! with { Recent = town.Trail() }, 3)]);
        Plant(town, "zzy", null);
        await town.StopOperatorAsync();
        await town.StartOperatorAsync();
        await town.UntilAsync(() => town.Api.Store.List(ConfigMaps, Home).Count > 0 && IsSettled(town), "it is looked at anew");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
        Assert.Empty(town.Events(AuditWatch.Broken));
        var verdict = Verify(town);
        Assert.Equal([], verdict.Faults);
        Assert.Equal(verdict.SealedThrough, verdict.Records.Count);
        Assert.Equal(["aaa", "aab", "zzy", "zzz"], verdict.Notes.Select(n => n.Split(' ')[1]));
    }

    [Theory]
    [InlineData("Promoted", "deleted")]
    [InlineData("Promoted", "replaced")]
    [InlineData("Reverted", "deleted")]
    [InlineData("Reverted", "replaced")]
    public async Task Of_a_patch_that_ended_a_ConfigMap_that_somebody_touches_is_noticed_at_once(string phase, string how)
    {
        await using var town = await SignedTownAsync();
        town.Apply(steps: phase == "Promoted" ? """[{"weight":25}]""" : """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await FillAsync(town, AuditChain.Kept);
        await town.ApproveAsync();
        if (phase == "Reverted")
        {
            await town.UntilServingAsync();
            town.Annotate(Commands.Abort, "not ours");
        }

        await town.UntilAsync(() => town.Phase() == phase && IsSettled(town), $"it is {phase}");
        // Whatever the end still had to do is done, so that nothing else makes the operator look.
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());

        var archive = Archives(town)[0];
        town.Api.Store.Delete(ConfigMaps, Town.Namespace, archive["metadata"]!["name"]!.GetValue<string>());
        if (how == "replaced")
        {
            IReadOnlyList<AuditRecord> records = AuditChain.Parse(archive["data"]!["records"]!.GetValue<string>())!;
            Plant(town, archive["metadata"]!["name"]!.GetValue<string>(), [.. records.Select(r => r.Sequence == 2 ? r with { Actor = "mallory" } : r)]);
        }

        await town.UntilAsync(() => town.Condition(ConditionTypes.AuditIntact)?["status"]?.GetValue<string>() == "False", $"it is noticed that the ConfigMap was {how}", seconds: 15);
        await town.UntilAsync(() => town.Events(AuditWatch.Broken).Count == 1, "it is said");
        Assert.Equal(phase, town.Phase());
    }

    [Theory]
    [InlineData("Promoted")]
    [InlineData("Reverted")]
    public async Task Of_a_patch_that_ended_an_edited_trail_is_noticed_at_once(string phase)
    {
        await using var town = await SignedTownAsync();
        town.Apply(steps: phase == "Promoted" ? """[{"weight":25}]""" : """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.ApproveAsync();
        if (phase == "Reverted")
        {
            await town.UntilServingAsync();
            town.Annotate(Commands.Abort, "not ours");
        }

        await town.UntilAsync(() => town.Phase() == phase && IsSettled(town), $"it is {phase}");
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
        Tamper(town, "edited", []);
        await town.UntilAsync(() => town.Condition(ConditionTypes.AuditIntact)?["status"]?.GetValue<string>() == "False", "it is noticed", seconds: 15);
        await town.UntilAsync(() => town.Events(AuditWatch.Broken).Count == 1, "it is said");
        Assert.Equal(phase, town.Phase());
    }

    [Fact]
    public async Task A_deleted_patch_keeps_its_trail_where_somebody_took_its_place_and_where_it_could_not_be_stored_at_first()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var trail = town.Trail();
        town.Api.Store.Create(ConfigMaps, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["namespace"] = Town.Namespace, ["name"] = $"fix-audit-{trail[0].Sequence}-{trail[^1].Hash.Split(':')[1][..12]}" },
            ["data"] = new JsonObject { ["records"] = "[]" },
        });
        var isRefused = true;
        using var fault = town.Api.Faults.Before(call => isRefused && call is { Resource: "configmaps", Verb: "create", Namespace: Town.Namespace } ? new FaultAction.Fail(500, "InternalError", Message: "etcd is full") : null);
        town.Api.Store.Delete(Town.Patches, Town.Namespace, "fix");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.NotNull(town.Patch());
        isRefused = false;
        await town.UntilAsync(() => town.Patch() is null, "the patch is gone");
        Assert.Equal(trail, Archives(town).SelectMany(map => AuditChain.Parse(map["data"]!["records"]!.GetValue<string>())!).Take(trail.Count));
    }

    [Fact]
    public async Task A_new_key_signs_what_comes_and_the_old_one_stays_known()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var before = Verify(town).KeyId;
        await town.StopOperatorAsync();
        town.Api.Store.Delete(Secrets, Home, Secret);
        await town.StartOperatorAsync();
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        var verdict = Verify(town);
        Assert.Equal([], verdict.Faults);
        Assert.NotEqual(before, verdict.KeyId);
        Assert.Equal(2, Keys(town).Count);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_process_that_dies_again_and_again_leaves_one_whole_signed_trail()
    {
        await using var town = await SignedTownAsync();
        town.Apply();
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        for (var i = 0; i < 5; i++)
        {
            await town.KillOperatorAsync();
            await town.StartOperatorAsync();
        }

        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
        Assert.Equal([], Verify(town).Faults);
        Assert.Equal("True", town.Condition(ConditionTypes.AuditIntact)!["status"]!.GetValue<string>());
        Assert.Equal(town.Trail().Count, town.Trail().DistinctBy(r => r.Sequence).Count());
    }

    private static async Task<Town> SignedTownAsync()
    {
        var town = await Town.FoundAsync();
        town.AuditSecret = Secret;
        await town.StartOperatorAsync();
        return town;
    }

    /// <summary>Records by commands that have nothing to do.</summary>
    private static async Task FillAsync(Town town, int count)
    {
        for (var i = 0; i < count; i++)
        {
            town.Annotate(Commands.Resume, $"not needed {i}");
            await town.UntilAsync(() => town.Patch()!["metadata"]!["annotations"]?["patchoperator.io/resume"] is null, "the command is taken");
        }

        await town.UntilAsync(() => IsSettled(town), "the trail is complete");
    }

    /// <summary>What was written so far, and what was not.</summary>
    private static IReadOnlyList<AuditRecord> Forged(AuditStatus audit, int count) => Enumerable.Range(1, count)
        .Aggregate(audit with { Stored = null }, (longer, i) => AuditChain.Append(longer, new AuditEntry { At = DateTimeOffset.UnixEpoch, Actor = "ciso", Action = $"ApprovalRecorded{i}" })).Recent!;

    private static void Plant(Town town, string name, IReadOnlyList<AuditRecord>? records) => town.Api.Store.Create(ConfigMaps, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["namespace"] = Town.Namespace,
            ["name"] = name,
            ["labels"] = new JsonObject { [Labels.AuditArchive] = "true", [Labels.PatchUid] = town.Patch()!["metadata"]!["uid"]!.GetValue<string>() },
            ["annotations"] = new JsonObject { [Annotations.Patch] = "fix", [Annotations.AuditSeal] = town.Patch()!["metadata"]!["annotations"]?[Annotations.AuditSeal]?.GetValue<string>() },
        },
        ["data"] = new JsonObject { ["records"] = records is null ? "nothing" : AuditChain.Format(records) },
    });

    private static void Tamper(Town town, string how, JsonObject earlier)
    {
        var patch = Read(town);
        var audit = patch.Status!.Audit!;
        var trail = town.Trail();
        switch (how)
        {
            case "edited":
                Annotate(town, [.. trail.Select(r => r.Sequence == 2 ? r with { Actor = "mallory" } : r)]);
                break;
            case "cut":
                Annotate(town, [.. trail.SkipLast(1)]);
                break;
            case "reordered":
                Annotate(town, [trail[1], trail[0], .. trail.Skip(2)]);
                break;
            case "overwritten":
                town.EditPatch("fix", json => json["metadata"]!["annotations"]![Annotations.Audit] = "nothing to see");
                break;
            case "rewritten with its status":
                var forged = Rechained(audit.Recent!);
                SetAudit(town, audit with { Recent = forged, Head = forged[^1].Hash });
                Annotate(town, forged);
                break;
            case "added to with its status":
                var longer = AuditChain.Append(audit, new AuditEntry { At = audit.Recent![^1].At, Actor = "mallory", Action = "ApprovalRecorded" });
                SetAudit(town, longer with { Stored = longer.Sequence });
                Annotate(town, longer.Recent!);
                break;
            case "set back with everything beside it":
                var before = earlier["metadata"]!["annotations"]!;
                SetAudit(town, earlier["status"]!["audit"]!.DeepClone());
                town.EditPatch("fix", json =>
                {
                    json["metadata"]!["annotations"]![Annotations.Audit] = before[Annotations.Audit]!.GetValue<string>();
                    json["metadata"]!["annotations"]![Annotations.AuditSeal] = before[Annotations.AuditSeal]!.GetValue<string>();
                });
                break;
            default:
                SetAudit(town, audit with { Seal = null });
                town.EditPatch("fix", json => json["metadata"]!["annotations"]!.AsObject().Remove(Annotations.AuditSeal));
                break;
        }
    }

    private static IReadOnlyList<AuditRecord> Rechained(IReadOnlyList<AuditRecord> records)
    {
        var previous = AuditChain.Genesis;
        List<AuditRecord> forged = [];
        foreach (var record in records)
        {
            var next = record with { Detail = record.Sequence == 2 ? "all well" : record.Detail, PreviousHash = previous };
            forged.Add(next with { Hash = AuditChain.HashOf(next) });
            previous = forged[^1].Hash;
        }

        return forged;
    }

    private static void Annotate(Town town, IReadOnlyList<AuditRecord> trail) =>
        town.EditPatch("fix", json => json["metadata"]!["annotations"]![Annotations.Audit] = AuditChain.Format(trail));

    private static void SetAudit(Town town, AuditStatus audit) =>
        SetAudit(town, JsonSerializer.SerializeToNode(new EmergencyPatchStatus { Audit = audit }, DomainJson.Default.EmergencyPatchStatus)!["audit"]!.DeepClone());

    private static void SetAudit(Town town, JsonNode audit)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                var patch = town.Patch()!;
                patch["status"]!["audit"] = audit.DeepClone();
                town.Api.Store.Update(Town.Patches, patch, statusOnly: true);
                return;
            }
            catch (Exception) when (tries < 20)
            {
                // The operator wrote in between.
            }
        }
    }

    private static EmergencyPatch Read(Town town) => town.Patch()!.Deserialize(DomainJson.Default.EmergencyPatch)!;

    private static IReadOnlyList<AuditRecord> Recent(Town town) => Read(town).Status?.Audit?.Recent ?? [];

    private static bool IsSettled(Town town) => Read(town) is { Status.Audit: { } audit } && audit.Stored == audit.Sequence && town.Trail() is [.., var last] && last.Sequence == audit.Sequence;

    private static AuditVerdict Verify(Town town)
    {
        var evidence = AuditEvidence.Of(Read(town)) with { Archives = [.. Archives(town).Select(AuditArchive.Of)] };
        evidence = evidence with { Mark = AuditSeals.Parse(Text(town, Secret + "-heads", evidence.Uid)) };
        return AuditVerifier.Verify(evidence, new KeyRing(Keys(town)).Check);
    }

    private static List<VerifyingKey> Keys(Town town) =>
        [.. (town.Api.Store.Get(ConfigMaps, Home, Secret + "-keys")?["data"] as JsonObject ?? []).SelectMany(entry => VerifyingKey.ReadAll(entry.Value!.GetValue<string>()))];

    private static List<JsonObject> Archives(Town town) =>
        [.. town.Api.Store.List(ConfigMaps, Town.Namespace).Where(map => map["metadata"]!["labels"]?[Labels.AuditArchive] is not null)];

    private static string? Text(Town town, string map, string key) => town.Api.Store.Get(ConfigMaps, Home, map)?["data"]?[key]?.GetValue<string>();
}
