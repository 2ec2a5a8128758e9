using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>
/// Older records, in ConfigMaps that cannot be changed and that belong to nobody: they outlive the patch. The annotation keeps no more than a status can
/// put back after a replace, and stays far below the 256 KiB that all annotations share.
/// </summary>
internal sealed class AuditArchives(IClusterClient client, ILogger<AuditArchives> logger)
{
    public const int LongestAnnotation = 96 * 1024;
    private const int KeptAfterMove = 32;
    private const int LongestAfterMove = LongestAnnotation / 2;

    private enum Outcome
    {
        Stored,
        Failed,
        NamespaceGoes,
    }

    /// <exception cref="ClusterException">They could not be read.</exception>
    public async Task<IReadOnlyList<AuditArchive>> ReadAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        // By label, since those of a patch that was restored from a backup carry the uid of before.
        var found = await client.ListAsync(AuditKinds.ConfigMaps, patch.Metadata.Namespace, new Selector($"{Labels.AuditArchive}=true"), cancellation);
        return [.. found
            .Where(map => map["metadata"]?["annotations"]?[Annotations.Patch]?.GetValue<string>() == patch.Metadata.Name && RestoredTrail.MayBeOf(patch, map["metadata"]?["labels"]?[Labels.PatchUid]?.GetValue<string>()))
            .Select(AuditArchive.Of)];
    }

    /// <summary>What stays in the annotation, after what is too much for it was put away. Where that does not succeed, all stays.</summary>
    public async Task<IReadOnlyList<AuditRecord>> BoundAsync(EmergencyPatch patch, IReadOnlyList<AuditRecord> trail, CancellationToken cancellation)
    {
        if (trail.Count <= AuditChain.Kept && Size(trail) <= LongestAnnotation)
        {
            return trail;
        }

        var kept = Math.Min(KeptAfterMove, trail.Count);
        while (kept > 1 && Size(trail.TakeLast(kept)) > LongestAfterMove)
        {
            kept--;
        }

        // With those that stay: the signature is over the newest, and vouches for no record that it cannot be reached from.
        return await StoreAsync(patch, trail, cancellation) is Outcome.Stored ? [.. trail.TakeLast(kept)] : trail;
    }

    /// <summary>The whole of what the annotation has, before the patch goes. False to try again; true also where there is no place for it any more.</summary>
    public async Task<bool> RetainAsync(EmergencyPatch patch, IReadOnlyList<AuditRecord> trail, CancellationToken cancellation) =>
        await StoreAsync(patch, trail, cancellation) is not Outcome.Failed;

    /// <summary>The same records go to the same place, however often, unless somebody put something else there.</summary>
    private async Task<Outcome> StoreAsync(EmergencyPatch patch, IReadOnlyList<AuditRecord> records, CancellationToken cancellation)
    {
        if (records.Count == 0)
        {
            return Outcome.Stored;
        }

        var (ns, name, text) = (patch.Metadata.Namespace ?? "", Name(patch, records), AuditChain.Format(records));
        try
        {
            if (await CreateAsync(patch, ns, name, text, cancellation))
            {
                return Outcome.Stored;
            }

            // The name can be told beforehand, so somebody may have taken it.
            if ((await client.ListAsync(AuditKinds.ConfigMaps, ns, new Selector($"{Labels.AuditArchive}=true,{Labels.PatchUid}={patch.Metadata.Uid}"), cancellation)).Any(map => Text(map) == text))
            {
                return Outcome.Stored;
            }

            var other = $"{name}-{Guid.NewGuid():N}"[..Math.Min(253, name.Length + 13)];
            logger.LogWarning("ConfigMap {Name}, in which records {First} to {Last} of {Patch} belong, is there already and is not ours; they go to {Other}", name, records[0].Sequence, records[^1].Sequence, ObjectKey.Of(patch), other);
            return await CreateAsync(patch, ns, other, text, cancellation) ? Outcome.Stored : Outcome.Failed;
        }
        catch (ClusterException exception)
        {
            logger.LogWarning("Records {First} to {Last} of {Patch} could not be put away: {Problem}", records[0].Sequence, records[^1].Sequence, ObjectKey.Of(patch), exception.Message);
            return exception.Message.Contains("because it is being terminated", StringComparison.Ordinal) || exception.Kind is ApiErrorKind.NotFound ? Outcome.NamespaceGoes : Outcome.Failed;
        }
    }

    /// <summary>False where something else has the name.</summary>
    private async Task<bool> CreateAsync(EmergencyPatch patch, string ns, string name, string text, CancellationToken cancellation)
    {
        try
        {
            await client.CreateAsync(AuditKinds.ConfigMaps, ns, Manifest(patch, name, text), cancellation);
            return true;
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.AlreadyExists)
        {
            return Text(await client.FindAsync(AuditKinds.ConfigMaps, new ObjectKey(ns, name), cancellation)) == text;
        }
    }

    private static string? Text(JsonObject? map) => map?["data"]?[AuditArchive.Entry] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int Size(IEnumerable<AuditRecord> records) => Encoding.UTF8.GetByteCount(AuditChain.Format([.. records]));

    private static string Name(EmergencyPatch patch, IReadOnlyList<AuditRecord> records)
    {
        var name = patch.Metadata.Name.Length > 180 ? patch.Metadata.Name[..180].TrimEnd('.', '-') : patch.Metadata.Name;
        var hash = records[^1].Hash[(records[^1].Hash.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return $"{name}-audit-{records[0].Sequence}-{hash[..Math.Min(12, hash.Length)]}".ToLowerInvariant();
    }

    private static JsonObject Manifest(EmergencyPatch patch, string name, string records)
    {
        var annotations = new JsonObject { [Annotations.Patch] = patch.Metadata.Name };
        if (patch.Status?.Audit?.Seal is { } seal)
        {
            // When the patch goes, this is what its last records can be verified with; when an older copy of it comes back, this is what proves that there was more.
            annotations[Annotations.AuditSeal] = AuditSeals.Format(seal);
        }

        return Manifest(patch, name, records, annotations);
    }

    private static JsonObject Manifest(EmergencyPatch patch, string name, string records, JsonObject annotations) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["labels"] = new JsonObject { [Labels.AuditArchive] = "true", [Labels.PatchUid] = patch.Metadata.Uid, [Labels.ManagedBy] = Names.FieldManager },
            ["annotations"] = annotations,
        },
        ["immutable"] = true,
        ["data"] = new JsonObject { [AuditArchive.Entry] = records },
    };
}
