namespace PatchOperator.Domain.Api.V1Alpha1;

public sealed record AuditStatus
{
    /// <summary>Sequence of the newest record.</summary>
    public required long Sequence { get; init; }

    /// <summary>Hash of the newest record.</summary>
    public required string Head { get; init; }

    /// <summary>Up to this sequence the records have been seen in the trail.</summary>
    public long? Stored { get; init; }

    /// <summary>
    /// The newest records. Written first, so that no crash loses or doubles one, and kept when they are in the trail,
    /// so that a replace of the resource, which drops the annotation, loses none.
    /// </summary>
    public IReadOnlyList<AuditRecord>? Recent { get; init; }

    /// <summary>Uid of the resource that the trail was begun on, where this one was restored from it.</summary>
    public string? ContinuedFrom { get; init; }

    /// <summary>The operator's signature over the newest record, where it has a key.</summary>
    public AuditSeal? Seal { get; init; }
}

/// <summary>A signature over the end of a trail, and so over all before it.</summary>
public sealed record AuditSeal
{
    /// <summary>Sequence of the record that is vouched for.</summary>
    public required long Sequence { get; init; }

    /// <summary>Its hash.</summary>
    public required string Hash { get; init; }

    /// <summary>Uid of the EmergencyPatch.</summary>
    public required string Uid { get; init; }

    /// <summary>Which public key it verifies with.</summary>
    public required string KeyId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Ed25519, base64.</summary>
    public required string Signature { get; init; }
}

/// <summary>One link of the audit trail; <see cref="Hash"/> covers every other member.</summary>
public sealed record AuditRecord
{
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? SpecDigest { get; init; }

    public string? Detail { get; init; }

    public required string PreviousHash { get; init; }

    public required string Hash { get; init; }
}
