using System.CommandLine;
using PatchOperator.Cli.Audit;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Cli.Cluster;

internal static class AuditCommand
{
    public static Command Build(TargetOptions target)
    {
        var name = new Argument<string>("NAME") { Description = "The EmergencyPatch" };
        var command = new Command("audit", "Who did what and when, and whether the hashes hold. Ends with 1 if they do not. See also 'audit verify'") { name, AuditVerifyCommand.Build(target) };
        command.SetAction(target.Run(async (result, client, output, cancellation) =>
        {
            var patch = await client.GetAsync(result.GetRequiredValue(name), cancellation);
            var (text, holds) = Describe(patch);
            await output.WriteAsync(text);
            return holds ? ExitCodes.Ok : ExitCodes.Problems;
        }));
        return command;
    }

    internal static (string Text, bool Holds) Describe(EmergencyPatch patch)
    {
        var text = new StringWriter();
        if (AuditChain.Parse(patch.Metadata.Annotations?.GetValueOrDefault(Annotations.Audit)) is not { } trail)
        {
            text.WriteLine($"BROKEN: the annotation {Annotations.Audit} is not an audit trail");
            return (text.ToString(), false);
        }

        if (trail.Count > 0)
        {
            text.Write(TextTable.Format(["SEQ", "AT", "ACTOR", "ACTION", "FROM", "TO", "DETAIL"], [.. trail.Select(each =>
                new[] { each.Sequence.ToString(), StatusCommand.Time(each.At), each.Actor, each.Action, each.From ?? "-", each.To ?? "-", each.Detail ?? "" })]));
            text.WriteLine();
        }

        // Signatures and older records need more than the resource: that is what 'audit verify' is for.
        var verdict = AuditVerifier.Verify(AuditEvidence.Of(patch), check: null);
        text.WriteLine(verdict.Faults is [var fault, ..] ? $"BROKEN: {fault}"
            : trail.Count == 0 ? "The trail is empty"
            : $"The hashes of all {trail.Count} records hold; the newest is {trail[^1].Hash}. Signatures: kubectl epatch audit verify {patch.Metadata.Name}");
        return (text.ToString(), verdict.IsIntact);
    }
}
