using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>The cluster as a user sees it: through kubectl.</summary>
internal static class Kubectl
{
    public static string Kubeconfig => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } path
        ? path
        : throw new InvalidOperationException("These tests need a real cluster: set KUBECONFIG, or run them with make e2e.");

    public static async Task<string> RunAsync(string arguments, string? input = null, bool mayFail = false)
    {
        var (code, output, errors) = await CallAsync(arguments, input);
        if (code != 0 && !mayFail)
        {
            Assert.Fail($"kubectl {arguments}: {errors}{output}");
        }

        return code == 0 ? output : "";
    }

    /// <returns>What kubectl says of the refusal.</returns>
    public static async Task<string> RefusedAsync(string arguments, string? input = null)
    {
        var (code, output, errors) = await CallAsync(arguments, input);
        Assert.True(code != 0, $"kubectl {arguments} was not refused: {output}");
        return errors;
    }

    /// <summary>Old servers do not know CEL rules, and their kubectl would refuse the file for that.</summary>
    public static Task ApplyAsync(string yaml) => RunAsync("apply --validate=false -f -", yaml);

    public static Task<string> ApplyRefusedAsync(string yaml) => RefusedAsync("apply --validate=false -f -", yaml);

    public static async Task<JsonObject?> GetAsync(string ns, string kindAndName)
    {
        var json = await RunAsync($"-n {ns} get {kindAndName} -o json --ignore-not-found", mayFail: true);
        return json.Length == 0 ? null : JsonNode.Parse(json)!.AsObject();
    }

    public static async Task<IReadOnlyList<JsonObject>> ListAsync(string ns, string kind, string? selector = null)
    {
        var json = await RunAsync($"-n {ns} get {kind} -o json{(selector is null ? "" : $" -l {selector}")}", mayFail: true);
        return json.Length == 0 ? [] : [.. JsonNode.Parse(json)!["items"]!.AsArray().Select(i => i!.AsObject())];
    }

    /// <summary>Arguments that no shell and no quoting may touch.</summary>
    public static Task<(int Code, string Output, string Errors)> TryAsync(IEnumerable<string> arguments, string? input = null) => CallAsync(new ProcessStartInfo("kubectl", arguments), input);

    private static Task<(int Code, string Output, string Errors)> CallAsync(string arguments, string? input) => CallAsync(new ProcessStartInfo("kubectl", arguments), input);

    private static async Task<(int Code, string Output, string Errors)> CallAsync(ProcessStartInfo start, string? input)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.RedirectStandardInput) = (true, true, true);
        start.Environment["KUBECONFIG"] = Kubeconfig;
        using var process = Process.Start(start)!;
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
