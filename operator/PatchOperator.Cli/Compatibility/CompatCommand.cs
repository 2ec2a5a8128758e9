using System.CommandLine;
using PatchOperator.Cli.Cluster;

namespace PatchOperator.Cli.Compatibility;

internal static class CompatCommand
{
    public static Command Build(TargetOptions target) => new("compat", "Which modules stand which patches, without a cluster")
    {
        CheckCommand.Build(),
        ImportCommand.Build(target),
        SatisfiesCommand.Build(),
    };
}
