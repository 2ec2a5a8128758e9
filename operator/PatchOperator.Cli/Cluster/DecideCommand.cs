using System.CommandLine;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Cluster;

/// <summary>A decision is an annotation with its reason, as kubectl and Argo CD would write it.</summary>
internal static class DecideCommand
{
    /// <param name="verb">What it is called on the command line.</param>
    /// <param name="description">For the help.</param>
    /// <param name="target">The cluster.</param>
    /// <param name="annotation">The command's name as an annotation, where that differs.</param>
    public static Command Build(string verb, string description, TargetOptions target, string? annotation = null)
    {
        var name = new Argument<string>("NAME") { Description = "The EmergencyPatch" };
        var reason = new Option<string>("--reason", "-m") { Description = "Why; kept in the audit trail", Required = true };
        reason.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
            {
                result.AddError("The reason is empty; say why, since it is kept in the audit trail.");
            }
        });
        var command = new Command(verb, description) { name, reason };
        command.SetAction(target.Run(async (result, client, output, cancellation) =>
        {
            var patch = result.GetRequiredValue(name);
            await client.AnnotateAsync(patch, Annotations.CommandPrefix + (annotation ?? verb), result.GetRequiredValue(reason), cancellation);
            await output.WriteLineAsync($"emergencypatch {patch}: asked to {verb}; 'kubectl epatch status {patch}' shows what comes of it");
            return ExitCodes.Ok;
        }));
        return command;
    }
}
