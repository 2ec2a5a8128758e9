namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>
/// What an authenticated user did to a patch, as the admission webhook saw it. One annotation each, in canonical JSON, so that the actor comes first:
/// a policy without a JSON parser can tell whom a fact speaks of.
/// </summary>
public sealed record RecordedFact
{
    /// <summary>User name as the API server authenticated it.</summary>
    public required string Actor { get; init; }

    public string? ActorUid { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>A command, or create or edit for the authorship of a spec.</summary>
    public required string Command { get; init; }

    /// <summary>Why the API server was told to refuse it; then nothing else came of it.</summary>
    public string? Denied { get; init; }

    /// <summary>Groups of the actor; those that the spec names come first.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Groups that are not listed.</summary>
    public int? GroupsOmitted { get; init; }

    public required string Id { get; init; }

    /// <summary>Which key sealed it.</summary>
    public required string Key { get; init; }

    public required string Name { get; init; }

    public required string Namespace { get; init; }

    /// <summary>Null where the patch did not exist yet.</summary>
    public string? PatchUid { get; init; }

    public string? Reason { get; init; }

    /// <summary>By which right, such as <c>verb approve</c> or <c>accountable group:security-leads</c>.</summary>
    public IReadOnlyList<string>? Rights { get; init; }

    public required string Seal { get; init; }

    /// <summary>Of the spec that it was done to.</summary>
    public required string SpecDigest { get; init; }
}
