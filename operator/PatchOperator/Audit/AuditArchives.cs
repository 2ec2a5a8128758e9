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
    public const string Entry = "records";
    public const int LongestAnnotation = 96 * 1024;
    private const int KeptAfterMove = 32;
    private const int LongestAfterMove = LongestAnnotation / 2;

    /// <exception cref="ClusterException">They could not be read.</exception>
    public async Task<IReadOnlyList<AuditArchive>> ReadAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        // By label, since those of a patch that was restored from a backup carry the uid of before.
        var found = await client.ListAsync(AuditKinds.ConfigMaps, patch.Metadata.Namespace, new Selector($"{Labels.AuditArchive}=true"), cancellation);
        return [.. found
            .Where(map => map["metadata"]?["annotations"]?[Annotations.Patch]?.GetValue<string>() == patch.Metadata.Name && IsOf(map, patch))
            .Select(map => new AuditArchive(map["metadata"]!["name"]!.GetValue<string>(), AuditChain.Parse(map["data"]?[Entry]?.GetValue<string>() ?? "-")))];
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

        return await StoreAsync(patch, [.. trail.SkipLast(kept)], cancellation) ? [.. trail.TakeLast(kept)] : trail;
    }

    /// <summary>The same records go to the same place, however often.</summary>
    public async Task<bool> StoreAsync(EmergencyPatch patch, IReadOnlyList<AuditRecord> records, CancellationToken cancellation)
    {
        if (records.Count == 0)
        {
            return true;
        }

        var key = new ObjectKey(patch.Metadata.Namespace ?? "", Name(patch, records));
        var text = AuditChain.Format(records);
        try
        {
            await client.CreateAsync(AuditKinds.ConfigMaps, key.Namespace, Manifest(patch, key.Name, text), cancellation);
            return true;
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.AlreadyExists)
        {
            try
            {
                if ((await client.FindAsync(AuditKinds.ConfigMaps, key, cancellation))?["data"]?[Entry]?.GetValue<string>() == text)
                {
                    return true;
                }
            }
            catch (ClusterException)
            {
                // As below: they stay where they are.
            }

            logger.LogWarning("Records {First} to {Last} of {Patch} stay in its annotation: ConfigMap {Name} is there already and is not ours", records[0].Sequence, records[^1].Sequence, ObjectKey.Of(patch), key.Name);
            return false;
        }
        catch (ClusterException exception)
        {
            logger.LogWarning("Records {First} to {Last} of {Patch} could not be put away: {Problem}", records[0].Sequence, records[^1].Sequence, ObjectKey.Of(patch), exception.Message);
            return false;
        }
    }

    // A patch of the same name that came later has a trail of its own; one that was restored names the uid of before in its seal.
    private static bool IsOf(JsonObject map, EmergencyPatch patch)
    {
        var uid = map["metadata"]?["labels"]?[Labels.PatchUid]?.GetValue<string>();
        return uid == patch.Metadata.Uid || uid == AuditSeals.Parse(patch.Metadata.Annotations?.GetValueOrDefault(Annotations.AuditSeal))?.Uid || uid == patch.Status?.Audit?.ContinuedFrom;
    }

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
            // When the patch goes, this is what its last records can be verified with.
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
        ["data"] = new JsonObject { [Entry] = records },
    };
}
