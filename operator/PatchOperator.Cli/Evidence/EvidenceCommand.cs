using System.CommandLine;
using PatchOperator.Cli.Audit;
using PatchOperator.Cli.Cluster;

namespace PatchOperator.Cli.Evidence;

/// <summary>One file that tells an auditor everything about one patch.</summary>
internal static class EvidenceCommand
{
    public static Command Build(TargetOptions target)
    {
        var options = new CaseOptions();
        var format = new Option<string>("--output", "-o") { Description = "html, json or md", DefaultValueFactory = _ => "html" };
        format.AcceptOnlyFromAmong("html", "json", "md");
        var command = new Command("evidence", "A report for auditors: who approved what, on which evidence, and whether the trail is as it was written. Ends with 1 if it was changed") { format };
        options.AddTo(command);
        command.SetAction(options.Run(target, async (result, found) =>
        {
            var patch = found.Patch ?? throw new CaseException("the patch itself is not there any more, only its records: see 'audit verify'");
            await result.InvocationConfiguration.Output.WriteAsync(Write(EvidenceBuilder.Build(patch, found), result.GetRequiredValue(format)));
            return found.Verify().IsIntact ? ExitCodes.Ok : ExitCodes.Problems;
        }));
        return command;
    }

    internal static string Write(EvidenceReport report, string format) => format switch
    {
        "json" => EvidenceJson.Write(report),
        "md" => EvidenceMarkdown.Write(report),
        _ => EvidenceHtml.Write(report),
    };
}
