using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>Every place where something of one patch's trail is kept.</summary>
public sealed record AuditEvidence
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    /// <summary>The annotation's value, as it is.</summary>
    public string? Annotation { get; init; }

    /// <summary>The value of the annotation with the seal.</summary>
    public string? Seal { get; init; }

    public AuditStatus? Status { get; init; }

    /// <summary>Older records; null where nobody could look.</summary>
    public IReadOnlyList<AuditArchive>? Archives { get; init; }

    /// <summary>The furthest head known outside of the patch's namespace.</summary>
    public AuditSeal? Mark { get; init; }

    /// <summary>Annotation and seal came with the creation, as from a backup, and were put aside then.</summary>
    public bool IsRestored { get; init; }

    public static AuditEvidence Of(EmergencyPatch patch) => RestoredTrail.IsIn(patch) ? With(patch, Annotations.RestoredAudit, Annotations.RestoredAuditSeal, restored: true) : With(patch, Annotations.Audit, Annotations.AuditSeal, restored: false);

    private static AuditEvidence With(EmergencyPatch patch, string trail, string seal, bool restored) => new()
    {
        Namespace = patch.Metadata.Namespace ?? "",
        Name = patch.Metadata.Name,
        Uid = patch.Metadata.Uid,
        Annotation = patch.Metadata.Annotations?.GetValueOrDefault(trail),
        Seal = patch.Metadata.Annotations?.GetValueOrDefault(seal),
        IsRestored = restored,
        Status = patch.Status?.Audit,
    };
}

/// <param name="Name">Of the ConfigMap.</param>
/// <param name="Records">Null when what is in it is no list of records.</param>
public sealed record AuditArchive(string Name, IReadOnlyList<AuditRecord>? Records)
{
    /// <summary>The operator's signature as of when these were put away, over the last of them; whoever may write ConfigMaps may copy one, and cannot make one.</summary>
    public AuditSeal? Seal { get; init; }

    /// <summary>Where the records are in the ConfigMap's data.</summary>
    public const string Entry = "records";

    public static AuditArchive Of(JsonObject map) => new(Text(map["metadata"]?["name"]) ?? "?", AuditChain.Parse(Text(map["data"]?[Entry]) ?? "-"))
    {
        Seal = AuditSeals.Parse(Text(map["metadata"]?["annotations"]?[Annotations.AuditSeal])),
    };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>What the evidence comes to.</summary>
public sealed record AuditVerdict
{
    /// <summary>Each says what is wrong with which record; none when the trail is intact.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What is worth knowing and is no fault.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>All records in order, as far as they can be read.</summary>
    public required IReadOnlyList<AuditRecord> Records { get; init; }

    /// <summary>Up to this sequence the trail is under a signature that was checked; 0 when none was.</summary>
    public required long SealedThrough { get; init; }

    /// <summary>Ids of keys that seals name and nobody knows.</summary>
    public required IReadOnlyList<string> UnknownKeys { get; init; }

    /// <summary>Uid of the resource that the trail was begun on, where that is another one.</summary>
    public string? BegunOn { get; init; }

    /// <summary>The key of the newest seal that was checked.</summary>
    public string? KeyId { get; init; }

    public bool IsIntact => Faults.Count == 0;

    public bool IsSealed => SealedThrough > 0;
}

/// <param name="Verdict">What the trail comes to.</param>
/// <param name="KeyId">The key that the operator signs with; null when it has none.</param>
public sealed record AuditObservation(AuditVerdict Verdict, string? KeyId)
{
    /// <summary>Why the trail that the resource was created with does not go on; null where it does, or where there was none.</summary>
    public string? SetAside { get; init; }

    /// <summary>What can be said of the end of a trail that goes on; null where none does.</summary>
    public string? Restored { get; init; }
}
