using System.CommandLine;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Cli.Cluster;

internal static class AuditCommand
{
    public static Command Build(TargetOptions target)
    {
        var name = new Argument<string>("NAME") { Description = "The EmergencyPatch" };
        var command = new Command("audit", "Who did what and when, and whether the hashes hold. Ends with 1 if they do not") { name };
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

        var fault = AuditChain.FindFault(trail) ?? FindCut(trail, patch.Status?.Audit);
        text.WriteLine(fault is not null ? $"BROKEN: {fault}"
            : trail.Count == 0 ? "The trail is empty"
            : $"The hashes of all {trail.Count} records hold; the newest is {trail[^1].Hash}");
        return (text.ToString(), fault is null);
    }

    /// <summary>A chain whose end was cut off holds in itself; only the status knows how long it was. The newest records may not be in it yet.</summary>
    private static string? FindCut(IReadOnlyList<AuditRecord> trail, AuditStatus? known)
    {
        if (known is null)
        {
            return null;
        }

        var written = trail.Count == 0 ? 0 : trail[^1].Sequence;
        if (written < known.Stored)
        {
            return $"the trail ends at record {written}, and status knows {known.Sequence}: its end was removed";
        }

        return written == known.Sequence && trail.Count > 0 && trail[^1].Hash != known.Head ? $"record {written} is not the one that status knows" : null;
    }
}
