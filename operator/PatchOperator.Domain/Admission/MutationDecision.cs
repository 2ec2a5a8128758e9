using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Admission;

/// <summary>What a write becomes before it is stored.</summary>
public sealed record MutationDecision
{
    public AdmissionDecision Decision { get; init; } = AdmissionDecision.Allow;

    /// <summary>Annotations that get another value, or none (null).</summary>
    public IReadOnlyDictionary<string, string?> Annotations { get; init; } = new Dictionary<string, string?>();

    /// <summary>The operator's finalizer was left out, and is put back.</summary>
    public bool KeepsFinalizer { get; init; }

    /// <summary>Attempts that were refused and belong in the trail. A dry run has none.</summary>
    public IReadOnlyList<RecordedFact> Denied { get; init; } = [];
}
