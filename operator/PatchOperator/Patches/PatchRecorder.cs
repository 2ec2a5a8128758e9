using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Audit;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.Notifications;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Telemetry;

namespace PatchOperator.Patches;

/// <summary>
/// Takes the records that a stored status holds as pending to the trail, to events, to the log and to the metrics (S15). The status is the outbox:
/// a crash in between repeats this, and the sequence in the trail and the events' names make the repetition harmless.
/// </summary>
internal sealed class PatchRecorder(IClusterClient client, IEventPublisher events, PatchNeighbours neighbours, PatchMetrics metrics, Notifier notifier, AuditMarks marks, AuditArchives archives, TimeProvider time, ILogger<PatchRecorder> logger)
{
    /// <summary>How long the patch's next decision waits for the trail, which the status has already.</summary>
    private readonly TimeLimit appending = new(TimeSpan.FromSeconds(5), time);

    /// <summary>Records that were sent to the trail and not told of yet, by uid of the patch: the answer may be lost.</summary>
    private readonly ConcurrentDictionary<string, AuditRecord[]> sent = new(StringComparer.Ordinal);

    private static readonly HashSet<string> Alarming = new(StringComparer.Ordinal)
    {
        nameof(PatchPhase.Blocked), nameof(PatchPhase.Reverting), nameof(PatchPhase.Reverted), nameof(PatchPhase.Degraded), nameof(PatchPhase.Superseded), nameof(PatchPhase.Rejected),
    };

    public async Task<(EmergencyPatch Patch, Trouble? Trouble)> RecordAsync(EmergencyPatch patch, Plan plan, CancellationToken cancellation)
    {
        var subject = EventSubject.Of(Kinds.EmergencyPatches, patch);
        foreach (var notice in plan.Notices)
        {
            await events.PublishAsync(subject, notice.IsWarning ? EventType.Warning : EventType.Normal, notice.Reason, notice.Message, cancellation);
        }

        metrics.Observe(patch);
        notifier.Offer(patch);
        var trail = AuditTrail.Of(patch);
        var last = trail is [.., var newest] ? newest.Sequence : 0;
        TellSent(patch, trail);
        var missing = (patch.Status?.Audit?.Recent ?? []).Where(r => r.Sequence > last).ToArray();
        if (missing.Length == 0)
        {
            return (patch, null);
        }

        var added = missing.Where(r => !(r.Sequence <= patch.Status!.Audit!.Stored)).ToArray();
        if (added.Length < missing.Length)
        {
            logger.LogWarning("The trail of {Patch} lost {Count} records, as in a replace of the resource; they are restored from its status", ObjectKey.Of(patch), missing.Length - added.Length);
        }

        foreach (var record in added)
        {
            await events.PublishAsync(subject, IsAlarming(record) ? EventType.Warning : EventType.Normal, record.Action, record.Detail ?? record.Action, cancellation, Name(patch, record));
        }

        try
        {
            await marks.SetAsync(patch, cancellation);
            sent[patch.Metadata.Uid] = added;
            var appended = await appending.RunAsync(
                patch.Metadata.Uid, $"PATCH {ObjectKey.Of(patch)} audit",
                async token => await AppendAsync(patch, await archives.BoundAsync(patch, [.. trail, .. missing], token), token), cancellation);
            TellSent(appended, added);
            return (appended, null);
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.NotFound)
        {
            return (patch, null);
        }
        catch (ClusterException exception)
        {
            return (patch, Trouble.Of(exception));
        }
    }

    /// <summary>The patch is gone.</summary>
    public void Forget(EmergencyPatch patch) => sent.TryRemove(patch.Metadata.Uid, out _);

    /// <summary>The patch is about to go; its trail stays.</summary>
    public Task<bool> RetainAsync(EmergencyPatch patch, CancellationToken cancellation) => archives.RetainAsync(patch, AuditTrail.Of(patch), cancellation);

    private async Task<EmergencyPatch> AppendAsync(EmergencyPatch patch, IReadOnlyList<AuditRecord> trail, CancellationToken cancellation)
    {
        var change = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = patch.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [Annotations.Audit] = AuditChain.Format(trail) },
            },
        };
        if (patch.Status?.Audit?.Seal is { } seal)
        {
            change["metadata"]!["annotations"]![Annotations.AuditSeal] = AuditSeals.Format(seal);
        }

        if (RestoredTrail.IsContinued(patch))
        {
            change["metadata"]!["annotations"]![Annotations.RestoredAudit] = null;
            change["metadata"]!["annotations"]![Annotations.RestoredAuditSeal] = null;
        }

        var written = await client.MergePatchAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), change, cancellation, fieldManager: Names.FieldManager).As(Kinds.EmergencyPatches);
        neighbours.Observe(written);
        return written;
    }

    /// <summary>One metric and one line of the log for each record that came to the trail, also where that showed only later. What did not is sent again.</summary>
    private void TellSent(EmergencyPatch patch, IReadOnlyCollection<AuditRecord> trail)
    {
        if (!sent.TryRemove(patch.Metadata.Uid, out var records))
        {
            return;
        }

        foreach (var record in records.Where(r => trail.Any(t => t.Hash == r.Hash)))
        {
            metrics.Transition(record);
            logger.LogInformation(
                "Audit {Patch} {Sequence} {Action} {From} {To} {Actor} {Detail} {Record}",
                ObjectKey.Of(patch), record.Sequence, record.Action, record.From, record.To, record.Actor, record.Detail, JsonSerializer.Serialize(record, DomainJson.Default.AuditRecord));
        }
    }

    private static bool IsAlarming(AuditRecord record) =>
        (record.To is { } to && Alarming.Contains(to)) || record.Action is AuditWatch.Broken or AuditWatch.Continued or AuditWatch.SetAside or "Overdue" or "DriftDetected" or "WithdrawalNotProven" or "CommandRefused" or "CommandNotSupportedYet" or "ApprovalExpired"
            or "ApprovalRevoked" or "ApprovalVoid" or "AttemptDenied" or "ForgeryDenied" or "FactRefused" or "GlassBroken" or "Escalated" or "NotificationFailed"
            or "WatchFailed" or "WatchInconclusive" or "CompatibilityBlocked" or "CompatibilityUnknown" or "WaiverRefused" or "WaiverExpired" or "Waived";

    /// <summary>The same record has the same event, whoever writes it and however often. The hash tells it from one that had its number before someone set the trail back.</summary>
    private static string Name(EmergencyPatch patch, AuditRecord record) =>
        $"{(patch.Metadata.Name.Length > 200 ? patch.Metadata.Name[..200] : patch.Metadata.Name)}.{patch.Metadata.Uid[..Math.Min(8, patch.Metadata.Uid.Length)]}.{record.Sequence}.{record.Hash[^8..]}";
}
