namespace PatchOperator.Domain.Analysis;

/// <summary>What one tick of one metric means for the canary; a step advances on <see cref="Pass"/> only.</summary>
public enum Verdict
{
    /// <summary>Enough fresh requests were counted and nothing speaks against the canary.</summary>
    Pass,

    /// <summary>The canary hurts (or the user chose to treat missing data as harm): revert.</summary>
    Fail,

    /// <summary>Nothing can be said yet: neither advance nor revert.</summary>
    Hold,
}

/// <summary>What missing data or an error means. There is no value for "good": absence of evidence never advances a canary (S3).</summary>
public enum DataPolicy
{
    Hold,
    Fail,
}
