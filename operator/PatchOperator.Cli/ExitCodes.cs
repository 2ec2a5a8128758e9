namespace PatchOperator.Cli;

/// <summary>What scripts may rely on.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The question was answered, and the answer is bad: problems in a file, a broken audit trail.</summary>
    public const int Problems = 1;

    /// <summary>The question could not be answered: no such file, not YAML, no cluster, no permission.</summary>
    public const int Failed = 2;
}
