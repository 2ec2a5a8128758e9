using System.CommandLine;
using System.Text.Json.Nodes;
using PatchOperator.Cli.Cluster;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Signing;
using YamlDotNet.Core;

namespace PatchOperator.Cli.Audit;

/// <summary>Where a case is read from, by the same options in every command that needs one.</summary>
internal sealed class CaseOptions
{
    private const string SecretName = "patch-operator-audit";

    private readonly Argument<string?> name = new("NAME") { Description = "The EmergencyPatch; with -f, only where the files hold several", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> files = new("--filename", "-f") { Description = "Exported manifests instead of a cluster: the EmergencyPatch and the ConfigMaps with label " + Labels.AuditArchive + "; '-' reads standard input", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> keys = new("--public-key") { Description = "PEM file with public keys that are trusted, or the exported ConfigMap of them; without it, the operator's own are read from the cluster" };
    private readonly Option<string> home = new("--operator-namespace") { Description = "Where the operator runs", DefaultValueFactory = _ => "patch-operator-system" };

    public void AddTo(Command command)
    {
        command.Add(name);
        command.Add(files);
        command.Add(keys);
        command.Add(home);
    }

    /// <summary>Runs one command on the case and says in one line what stopped it.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Run(TargetOptions target, Func<ParseResult, AuditCase, Task<int>> command) => async (result, cancellation) =>
    {
        try
        {
            return await command(result, await ReadAsync(result, target, cancellation));
        }
        catch (Exception exception) when (exception is CaseException or ClusterException or IOException or UnauthorizedAccessException)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync($"error: {exception.Message}");
            return ExitCodes.Failed;
        }
        catch (YamlException exception)
        {
            await result.InvocationConfiguration.Error.WriteLineAsync($"error: line {exception.Start.Line} is not YAML: {exception.Message}");
            return ExitCodes.Failed;
        }
    };

    private async Task<AuditCase> ReadAsync(ParseResult result, TargetOptions target, CancellationToken cancellation)
    {
        string[] trusted = [.. (result.GetValue(keys) ?? []).Select(Trusted)];
        if (result.GetValue(files) is { Length: > 0 } paths)
        {
            return CaseFiles.Read(paths.Select(Read), result.GetValue(name), trusted);
        }

        var patchName = result.GetValue(name) ?? throw new CaseException("name an EmergencyPatch, or give its manifest with -f");
        using var client = PatchClient.Connect(target.Read(result));
        return await OfClusterAsync(client, patchName, trusted, result.GetRequiredValue(home), cancellation);
    }

    private static async Task<AuditCase> OfClusterAsync(PatchClient client, string name, IReadOnlyList<string> trusted, string home, CancellationToken cancellation)
    {
        var patch = await client.GetAsync(name, cancellation);
        List<string> notes = [];
        var maps = await TryAsync(() => client.ListConfigMapsAsync($"{Labels.AuditArchive}=true", cancellation), "older records, in ConfigMaps", notes);
        var heads = await TryAsync(() => client.FindConfigMapAsync(home, SecretName + "-heads", cancellation), "the operator's own record of heads", notes);
        VerifyingKey[] keys = [.. trusted.SelectMany(VerifyingKey.ReadAll)];
        if (keys.Length == 0)
        {
            var published = await TryAsync(() => client.FindConfigMapAsync(home, SecretName + "-keys", cancellation), "the operator's public keys", notes);
            keys = [.. (published?["data"] as JsonObject ?? []).SelectMany(entry => VerifyingKey.ReadAll(entry.Value?.GetValue<string>() ?? ""))];
        }

        var mark = heads?["data"]?[patch.Metadata.Uid] is JsonValue value && value.TryGetValue<string>(out var text) ? AuditSeals.Parse(text) : null;
        var evidence = AuditEvidence.Of(patch) with
        {
            Archives = maps?.Where(m => m["metadata"]?["annotations"]?[Annotations.Patch]?.GetValue<string>() == name && RestoredTrail.MayBeOf(patch, m["metadata"]?["labels"]?[Labels.PatchUid]?.GetValue<string>())).Select(AuditArchive.Of).ToArray(),
            Mark = mark,
        };
        return new AuditCase { Patch = patch, Evidence = evidence, Keys = keys, Notes = notes };
    }

    /// <summary>Not everybody who may read a patch may read these; the rest is still worth checking.</summary>
    private static async Task<T?> TryAsync<T>(Func<Task<T?>> read, string what, List<string> notes)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (ClusterException exception)
        {
            notes.Add($"{what} could not be read: {exception.Message}");
            return null;
        }
    }

    private static string Trusted(string path)
    {
        var text = Read(path);
        if (VerifyingKey.ReadAll(text).Count > 0)
        {
            return text;
        }

        // The ConfigMap as kubectl prints it: PEM inside of YAML, indented.
        var unindented = string.Join('\n', text.Split('\n').Select(line => line.Trim()));
        return VerifyingKey.ReadAll(unindented).Count > 0 ? unindented : throw new CaseException($"{path} holds no Ed25519 public key in PEM");
    }

    private static string Read(string path) => path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path);
}
