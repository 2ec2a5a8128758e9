namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>How finished a version is, from the least stable to the most stable.</summary>
public enum Stability
{
    Dev,
    Alpha,
    Beta,
    ReleaseCandidate,
    Stable,
}
