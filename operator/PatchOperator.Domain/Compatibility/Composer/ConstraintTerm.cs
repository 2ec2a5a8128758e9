namespace PatchOperator.Domain.Compatibility.Composer;

internal enum Comparison
{
    /// <summary>An asterisk: everything, branches too.</summary>
    Any,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>One comparison with one version, such as <c>&gt;= 2.4.0.0-dev</c>: what every constraint comes down to.</summary>
internal sealed class ConstraintTerm(Comparison comparison, string version)
{
    public static readonly ConstraintTerm Everything = new(Comparison.Any, "");

    public Comparison Comparison { get; } = comparison;

    /// <summary>Normalised; may carry a stability that no version has, which then sorts below all of them.</summary>
    public string Version { get; } = version;

    public bool IsBranch { get; } = version.StartsWith("dev-", StringComparison.Ordinal);

    public long[] Parts { get; } = VersionOrder.Parts(version);

    public bool Accepts(ComposerVersion candidate)
    {
        if (Comparison == Comparison.Any)
        {
            return true;
        }

        if (IsBranch || candidate.IsBranch)
        {
            // Branches have names, not places in an order.
            var same = string.Equals(candidate.Normalized, Version, StringComparison.Ordinal);
            return Comparison switch
            {
                Comparison.Equal => same,
                Comparison.NotEqual => !same,
                _ => false,
            };
        }

        var order = VersionOrder.Compare(candidate.Parts, Parts);
        return Comparison switch
        {
            Comparison.Any => true,
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            Comparison.Greater => order > 0,
            Comparison.GreaterOrEqual => order >= 0,
        };
    }

    public override string ToString() => Comparison switch
    {
        Comparison.Any => "*",
        Comparison.Equal => "== " + Version,
        Comparison.NotEqual => "!= " + Version,
        Comparison.Less => "< " + Version,
        Comparison.LessOrEqual => "<= " + Version,
        Comparison.Greater => "> " + Version,
        Comparison.GreaterOrEqual => ">= " + Version,
    };
}
