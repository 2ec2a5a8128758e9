using System.CommandLine;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Cli.Cluster;

/// <summary>Somebody takes the risk of one module; the same annotation as kubectl would write, checked before it is sent.</summary>
internal static class WaiveCommand
{
    public static Command Build(TargetOptions target)
    {
        var name = new Argument<string>("NAME") { Description = "The EmergencyPatch" };
        var module = new Option<string>("--module") { Description = "The module, or a package of a broken requirement, as status.compatibility names it", Required = true };
        var reason = new Option<string>("--reason", "-m") { Description = "Why, or a ticket; kept in the audit trail", Required = true };
        var until = new Option<string?>("--until") { Description = "When the waiver ends, such as 2026-11-25T09:00:00Z; without it, it holds as long as an approval would" };
        var command = new Command("waive", "Take the risk of one module for this very spec") { name, module, reason, until };
        command.Validators.Add(result =>
        {
            if (!WaiverText.TryParse(Text(result.GetValue(module), result.GetValue(reason), result.GetValue(until)), out _, out var error))
            {
                result.AddError(error);
            }
        });
        command.SetAction(target.Run(async (result, client, output, cancellation) =>
        {
            var patch = result.GetRequiredValue(name);
            await client.AnnotateAsync(patch, Annotations.CommandPrefix + Commands.Waive, Text(result.GetValue(module), result.GetValue(reason), result.GetValue(until)), cancellation);
            await output.WriteLineAsync($"emergencypatch {patch}: asked to waive {result.GetValue(module)}; 'kubectl epatch audit {patch}' shows what comes of it");
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static string Text(string? module, string? reason, string? until) => $"{module}: {reason}{(until is null ? "" : $" until {until}")}";
}
