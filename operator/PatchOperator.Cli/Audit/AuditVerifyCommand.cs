using System.CommandLine;
using PatchOperator.Cli.Cluster;

namespace PatchOperator.Cli.Audit;

/// <summary>Whether a trail is as the operator wrote it.</summary>
internal static class AuditVerifyCommand
{
    public static Command Build(TargetOptions target)
    {
        var options = new CaseOptions();
        var hashes = new Option<bool>("--hashes-only") { Description = "Be content with hashes where there is no signature or no key to check it with" };
        var command = new Command("verify", "Check hashes and signatures of a trail, in the cluster or from files. Ends with 0 if it is proven, 1 if it was changed, 2 if it could not be proven");
        options.AddTo(command);
        command.Add(hashes);
        command.SetAction(options.Run(target, async (result, found) =>
        {
            var (text, code) = Judge(found, result.GetValue(hashes));
            await result.InvocationConfiguration.Output.WriteAsync(text);
            return code;
        }));
        return command;
    }

    internal static (string Text, int Code) Judge(AuditCase found, bool hashesOnly)
    {
        var verdict = found.Verify();
        var outcome = AuditOutcomes.Of(found, verdict);
        var text = new StringWriter();
        text.WriteLine(AuditOutcomes.Describe(outcome, verdict));
        foreach (var note in verdict.Notes.Concat(found.Notes))
        {
            text.WriteLine($"note: {note}");
        }

        var code = outcome switch
        {
            AuditOutcome.Verified => ExitCodes.Ok,
            AuditOutcome.Broken => ExitCodes.Problems,
            AuditOutcome.SignatureNotChecked or AuditOutcome.NotSigned or AuditOutcome.Empty => hashesOnly ? ExitCodes.Ok : ExitCodes.Failed,
        };
        return (text.ToString(), code);
    }
}
