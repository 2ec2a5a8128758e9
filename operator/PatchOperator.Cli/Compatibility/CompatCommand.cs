using System.CommandLine;

namespace PatchOperator.Cli.Compatibility;

internal static class CompatCommand
{
    public static Command Build() => new("compat", "Which modules stand which patches: version rules, without a cluster")
    {
        SatisfiesCommand.Build(),
    };
}
