using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>Looks at a patch's whole trail before each decision. Null where nobody could look; that is no reason to call it broken.</summary>
internal sealed class AuditInspector(AuditKeys keys, AuditMarks marks, AuditArchives archives, ArchiveWatch watch, IClusterClient client, TimeProvider time)
{
    /// <summary>A change of them is told by <see cref="ArchiveWatch"/>; this is for a watch that is down.</summary>
    private static readonly TimeSpan ArchivesFor = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Seen> seen = new(StringComparer.Ordinal);

    public async Task<AuditObservation?> InspectAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        try
        {
            await keys.RefreshAsync(cancellation);
            await marks.ReadAsync(cancellation);
            var evidence = AuditEvidence.Of(patch);
            evidence = evidence with { Mark = marks.Of(patch.Metadata.Uid) ?? (AuditSeals.Parse(evidence.Seal)?.Uid is { } before ? marks.Of(before) : null) };
            if (IsFirstLook(evidence))
            {
                return RestoredTrail.Judge(evidence with { Archives = await archives.ReadAsync(patch, cancellation) }, keys.Current is null ? null : keys.Ring.Check, keys.Current?.Public.Id);
            }

            var last = seen.GetValueOrDefault(patch.Metadata.Uid);
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
            if (PatchNeighbours.IsRunning(patch) || first > 1)
            {
                seen[patch.Metadata.Uid] = new Seen(evidence, verdict, key, last?.Archives, last?.ArchivesAt ?? 0, versions);
            }
            else
            {
                // Looked at again is soon done; a thousand patches that wait need not be remembered twice.
                Forget(patch);
            }

            return new AuditObservation(verdict, key);

            async Task<Seen> ReadAsync() => new(evidence, null, null, await archives.ReadAsync(patch, cancellation), time.GetTimestamp(), versions);
        }
        catch (ClusterException) when (!IsFirstLook(AuditEvidence.Of(patch)))
        {
            return null;
        }
    }

    public void Forget(EmergencyPatch patch) => seen.TryRemove(patch.Metadata.Uid, out _);

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
}
