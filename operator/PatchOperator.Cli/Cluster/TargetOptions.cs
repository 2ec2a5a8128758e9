using System.CommandLine;

namespace PatchOperator.Cli.Cluster;

/// <summary>Which cluster and namespace, by kubectl's own names.</summary>
internal sealed class TargetOptions
{
    private readonly Option<string?> ns = new("--namespace", "-n") { Description = "Namespace; without it, the context's", Recursive = true };
    private readonly Option<string?> context = new("--context") { Description = "Context of the kubeconfig", Recursive = true };
    private readonly Option<string?> kubeconfig = new("--kubeconfig") { Description = "Path of the kubeconfig; without it, KUBECONFIG or the default", Recursive = true };

    public void AddTo(Command command)
    {
        command.Add(ns);
        command.Add(context);
        command.Add(kubeconfig);
    }

    public Target Read(ParseResult result) => new(result.GetValue(ns), result.GetValue(context), result.GetValue(kubeconfig));

    /// <summary>Runs one command against the cluster and says in one line what stopped it.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Run(Func<ParseResult, PatchClient, TextWriter, CancellationToken, Task<int>> command) => async (result, cancellation) =>
    {
        try
        {
            using var client = PatchClient.Connect(Read(result));
            return await command(result, client, result.InvocationConfiguration.Output, cancellation);
        }
        catch (ClusterException exception)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync($"error: {exception.Message}");
            return ExitCodes.Failed;
        }
    };
}

internal sealed record Target(string? Namespace, string? Context, string? Kubeconfig);

/// <summary>The cluster did not do what was asked; the message is for the user.</summary>
internal sealed class ClusterException(string message, Exception? inner = null) : Exception(message, inner);
