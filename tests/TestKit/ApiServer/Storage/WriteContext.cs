namespace PatchOperator.TestKit.ApiServer;

internal enum FieldValidation
{
    Ignore,
    Strict,
}

/// <summary>Who writes, where, and under which conditions.</summary>
internal sealed record WriteContext
{
    public required DateTimeOffset Now { get; init; }

    /// <summary>The field manager; empty for the simulated controllers, whose writes are not tracked.</summary>
    public string Manager { get; init; } = "";

    /// <summary>Empty or <c>status</c> or <c>scale</c>.</summary>
    public string Subresource { get; init; } = "";

    public bool DryRun { get; init; }

    public FieldValidation Validation { get; init; }

    public bool IsStatus => Subresource == "status";
}
