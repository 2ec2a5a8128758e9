namespace PatchOperator.Domain.Validation;

public enum SpecProblemKind
{
    /// <summary>The value makes no sense.</summary>
    Invalid,

    /// <summary>The value makes sense, but no code acts on it yet. A safety setting must never be silently ignored.</summary>
    NotSupportedYet,
}

/// <summary>One thing that the user must change before anything is touched.</summary>
/// <param name="Path">Where, as in <c>spec.canary.steps[1].weight</c>.</param>
/// <param name="Kind">Whether it is wrong, or only too early.</param>
/// <param name="Message">What is wrong with the value and what to write instead; does not repeat the path.</param>
public sealed record SpecProblem(string Path, SpecProblemKind Kind, string Message)
{
    public override string ToString() => $"{Path}: {Message}";
}

public enum ImagePolicy
{
    /// <summary>What was approved is what runs: a tag can be moved after the approval.</summary>
    RequireDigest,

    AllowTags,
}

/// <summary>What the operator's own configuration lets users write.</summary>
public sealed record ValidationOptions
{
    /// <summary>As the chart installs the operator.</summary>
    public static readonly ValidationOptions Default = new() { Authenticates = true };

    public ImagePolicy ImagePolicy { get; init; } = ImagePolicy.RequireDigest;

    /// <summary>Whether admission control authenticates people; without it, nothing can depend on who they are.</summary>
    public bool Authenticates { get; init; }

    /// <summary>Names of those who can be told; null where that is not known, as on the command line.</summary>
    public IReadOnlyList<string>? Receivers { get; init; }
}
