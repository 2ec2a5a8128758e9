namespace PatchOperator.Domain.Compatibility.Resolver;

public enum ConflictKind
{
    /// <summary>A requirement that nothing installed meets.</summary>
    Requires,

    /// <summary>Something installed that a package declares it cannot live with.</summary>
    Conflicts,

    /// <summary>A package is there beside the one that replaces it.</summary>
    Replaces,
}

/// <summary>Two packages that cannot be together, in words.</summary>
public sealed record DependencyConflict
{
    public required ConflictKind Kind { get; init; }

    /// <summary>Who says so.</summary>
    public required string Package { get; init; }

    public required string Version { get; init; }

    /// <summary>Of whom.</summary>
    public required string Other { get; init; }

    public required string Constraint { get; init; }

    public required string Message { get; init; }

    /// <summary>What would solve it.</summary>
    public required string Advice { get; init; }
}
