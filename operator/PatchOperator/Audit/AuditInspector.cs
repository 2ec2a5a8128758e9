using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>
/// Looks at a patch's whole trail before each decision. Null where nobody could look; that is no reason to call it broken. A decision waits for it for a moment
/// only (S1): a look that takes longer goes on by itself, and the patch is decided about again when it is over.
/// </summary>
internal sealed class AuditInspector(AuditKeys keys, AuditSealer sealer, AuditMarks marks, AuditArchives archives, ArchiveWatch watch, IClusterClient client, IReconcileQueue<EmergencyPatch> queue, TimeProvider time) : IDisposable
{
    /// <summary>How long a decision waits for a look at the trail, or for the note of how far it goes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>A change of them is told by <see cref="ArchiveWatch"/>; this is for a watch that is down.</summary>
    private static readonly TimeSpan ArchivesFor = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Looks> looks = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stop = new();

    public async Task<AuditObservation?> InspectAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        var evidence = AuditEvidence.Of(patch);
        if (IsFirstLook(evidence))
        {
            await keys.RefreshAsync(cancellation);
            await marks.ReadAsync(cancellation);
            return RestoredTrail.Judge(Marked(patch, evidence) with { Archives = await archives.ReadAsync(patch, cancellation) }, keys.Current is null ? null : keys.Ring.Check, keys.Current?.Public.Id);
        }

        var mine = looks.GetOrAdd(patch.Metadata.Uid, _ => new Looks());
        if (mine.UnderWay is { IsCompleted: false })
        {
            return null;
        }

        var look = mine.UnderWay = LookAsync(patch, mine, stop.Token);
        try
        {
            // Of a trail whose status was lost, what is decided meanwhile would begin a second one.
            return await look.WaitAsync(evidence is { Status: null, Annotation: not null } ? Timeout.InfiniteTimeSpan : Patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            _ = WakeAfterAsync(look, patch);
            return null;
        }
        finally
        {
            if (look.IsCompleted && mine.Last is null)
            {
                // Looked at again is soon done; a thousand patches that wait need not be remembered twice.
                looks.TryRemove(patch.Metadata.Uid, out _);
            }
        }
    }

    /// <summary>The patch is gone.</summary>
    public void Forget(EmergencyPatch patch)
    {
        looks.TryRemove(patch.Metadata.Uid, out _);
        sealer.Forget(patch.Metadata.Uid);
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
    }

    private async Task WakeAfterAsync(Task<AuditObservation?> look, EmergencyPatch patch)
    {
        if (await look is not null)
        {
            queue.Enqueue(ObjectKey.Of(patch));
        }
    }

    private async Task<AuditObservation?> LookAsync(EmergencyPatch patch, Looks mine, CancellationToken cancellation)
    {
        try
        {
            await keys.RefreshAsync(cancellation);
            await marks.ReadAsync(cancellation);
            var evidence = Marked(patch, AuditEvidence.Of(patch));
            var last = mine.Last;
            var first = First(patch, evidence);
            var versions = first > 1 ? watch.Versions(patch) : "";
            var isCached = first > 1 && last?.Archives is not null && last.Versions == versions && time.GetElapsedTime(last.ArchivesAt) <= ArchivesFor;
            if (first > 1 && !isCached)
            {
                last = await ReadAsync();
            }

            evidence = evidence with { Archives = first > 1 ? last!.Archives : last?.Archives ?? [] };
            if (last?.Verdict is { } known && last.KeyId == keys.Current?.Public.Id && IsSame(last.Evidence, evidence))
            {
                return new AuditObservation(known, last.KeyId);
            }

            var verdict = AuditVerifier.Verify(evidence, keys.Current is null ? null : keys.Ring.Check);
            if (!verdict.IsIntact && isCached)
            {
                // Records may have been put away since they were read.
                last = await ReadAsync();
                evidence = evidence with { Archives = last.Archives };
                verdict = AuditVerifier.Verify(evidence, keys.Current is null ? null : keys.Ring.Check);
            }

            if (!verdict.IsIntact && !IsKnownBroken(patch) && await client.FindAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), cancellation) is var now && now?.Metadata.ResourceVersion != patch.Metadata.ResourceVersion)
            {
                // A cache that is behind, as after a change of the leader, looks like a trail that was cut.
                return null;
            }

            var key = keys.Current?.Public.Id;
            mine.Last = PatchNeighbours.IsRunning(patch) || first > 1 ? new Seen(evidence, verdict, key, last?.Archives, last?.ArchivesAt ?? 0, versions) : null;
            return new AuditObservation(verdict, key);

            async Task<Seen> ReadAsync() => new(evidence, null, null, await archives.ReadAsync(patch, cancellation), time.GetTimestamp(), versions);
        }
        catch (ClusterException)
        {
            return null;
        }
    }

    private AuditEvidence Marked(EmergencyPatch patch, AuditEvidence evidence) =>
        evidence with { Mark = sealer.Owed(patch) ?? marks.Of(evidence.Uid) ?? (AuditSeals.Parse(evidence.Seal)?.Uid is { } before ? marks.Of(before) : null) };

    /// <summary>What is decided without it could not be taken back: a new trail would have begun. No run has begun either, so trying again holds nothing up.</summary>
    private static bool IsFirstLook(AuditEvidence evidence) => evidence is { IsRestored: true, Status: null };

    private static bool IsKnownBroken(EmergencyPatch patch) => patch.Status?.Conditions?.Any(c => c is { Type: ConditionTypes.AuditIntact, Status: "False" }) is true;

    /// <summary>
    /// Sequence of the oldest record that is at hand without asking. What status still has of those before the annotation's is on its way to a ConfigMap, or there:
    /// it is the ConfigMap that the chain goes through.
    /// </summary>
    private static long First(EmergencyPatch patch, AuditEvidence evidence) =>
        AuditChain.Parse(evidence.Annotation) is [var oldest, ..] ? oldest.Sequence : patch.Status?.Audit?.Recent is [var kept, ..] ? kept.Sequence : 1;

    private static bool IsSame(AuditEvidence a, AuditEvidence b) =>
        a.Annotation == b.Annotation && a.Seal == b.Seal && a.Mark == b.Mark && ReferenceEquals(a.Archives, b.Archives)
        && (ReferenceEquals(a.Status, b.Status) || (a.Status is not null && b.Status is not null
            && a.Status with { Recent = null } == b.Status with { Recent = null } && (a.Status.Recent ?? []).SequenceEqual(b.Status.Recent ?? [])));

    private sealed record Seen(AuditEvidence Evidence, AuditVerdict? Verdict, string? KeyId, IReadOnlyList<AuditArchive>? Archives, long ArchivesAt, string Versions);

    /// <summary>Of one patch: the look that began last, and what it came to.</summary>
    private sealed class Looks
    {
        public Task<AuditObservation?>? UnderWay { get; set; }

        public Seen? Last { get; set; }
    }
}
