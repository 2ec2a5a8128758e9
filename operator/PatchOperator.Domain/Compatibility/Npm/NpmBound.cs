namespace PatchOperator.Domain.Compatibility.Npm;

internal enum NpmComparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>One comparison with one version: what every range comes down to.</summary>
internal sealed record NpmBound(NpmComparison Comparison, NpmVersion Version)
{
    /// <summary>Below everything that there is.</summary>
    public static readonly NpmBound Nothing = Below(new NpmNumbers(0, 0, 0));

    public static NpmBound From(NpmNumbers numbers) => new(NpmComparison.GreaterOrEqual, Of(numbers, []));

    /// <summary>Below the numbers and all pre-releases of them.</summary>
    public static NpmBound Below(NpmNumbers numbers) => new(NpmComparison.Less, Of(numbers, ["0"]));

    public bool Accepts(NpmVersion version)
    {
        var order = version.CompareTo(Version);
        return Comparison switch
        {
            NpmComparison.Equal => order == 0,
            NpmComparison.Less => order < 0,
            NpmComparison.LessOrEqual => order <= 0,
            NpmComparison.Greater => order > 0,
            NpmComparison.GreaterOrEqual => order >= 0,
        };
    }

    private static NpmVersion Of(NpmNumbers numbers, IReadOnlyList<string> preRelease) => new($"{numbers.Major}.{numbers.Minor}.{numbers.Patch}", numbers, preRelease);
}
