using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Signing;

namespace PatchOperator.Cli.Audit;

/// <summary>All that was found about one patch, wherever it came from.</summary>
internal sealed record AuditCase
{
    /// <summary>Null where the patch is gone and only its records are left.</summary>
    public EmergencyPatch? Patch { get; init; }

    public required AuditEvidence Evidence { get; init; }

    /// <summary>Empty when nobody named one: hashes can be checked, signatures cannot.</summary>
    public IReadOnlyList<VerifyingKey> Keys { get; init; } = [];

    /// <summary>What could not be read, and what to do about it.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public AuditVerdict Verify() => AuditVerifier.Verify(Evidence, Keys.Count > 0 ? new KeyRing(Keys).Check : null);
}

/// <summary>How a verification ended, in one word for scripts and one sentence for people.</summary>
internal enum AuditOutcome
{
    /// <summary>Hashes and signature hold, up to the last record.</summary>
    Verified,

    /// <summary>Something was changed.</summary>
    Broken,

    /// <summary>Hashes hold; there is a signature and no key to check it with.</summary>
    SignatureNotChecked,

    /// <summary>Hashes hold; nobody signed.</summary>
    NotSigned,

    /// <summary>There are no records.</summary>
    Empty,
}

internal static class AuditOutcomes
{
    public static AuditOutcome Of(AuditCase found, AuditVerdict verdict)
    {
        var hasSeal = found.Evidence.Seal is not null || found.Evidence.Status?.Seal is not null || found.Evidence.Mark is not null;
        return verdict switch
        {
            { IsIntact: false } => AuditOutcome.Broken,
            { Records.Count: 0 } => AuditOutcome.Empty,
            { UnknownKeys.Count: > 0 } => AuditOutcome.SignatureNotChecked,
            { IsSealed: true } => AuditOutcome.Verified,
            _ => hasSeal ? AuditOutcome.SignatureNotChecked : AuditOutcome.NotSigned,
        };
    }

    public static string Describe(AuditOutcome outcome, AuditVerdict verdict) => outcome switch
    {
        AuditOutcome.Verified => $"VERIFIED: all {verdict.Records.Count} records follow each other and are signed with key {verdict.KeyId}; the newest is {verdict.Records[^1].Hash}",
        AuditOutcome.Broken => $"BROKEN: {string.Join("; ", verdict.Faults)}",
        AuditOutcome.SignatureNotChecked => $"NOT PROVEN: the hashes of all {verdict.Records.Count} records hold, and the signature was not checked{(verdict.UnknownKeys.Count > 0 ? $", since key {string.Join(", ", verdict.UnknownKeys)} is not among those given" : "")}; give the operator's public keys with --public-key",
        AuditOutcome.NotSigned => $"NOT SIGNED: the hashes of all {verdict.Records.Count} records hold, but whoever can write the resource could have made them",
        AuditOutcome.Empty => "EMPTY: there are no records",
    };
}
