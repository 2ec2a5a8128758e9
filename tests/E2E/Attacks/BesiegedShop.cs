using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>A shop of the real cluster, and people with and without rights in its namespace. Attacks are kubectl commands under their names.</summary>
public sealed class BesiegedShop : IAsyncLifetime
{
    internal static readonly Person Dana = new("dana@example.com", "developers", Person.Edits);
    internal static readonly Person Alice = new("alice@example.com", "security-leads", Person.Edits, Person.Approves);
    internal static readonly Person Bob = new("bob@example.com", "security-leads", "payments", Person.Edits, Person.Approves);
    internal static readonly Person Carol = new("carol@example.com", "payments", Person.Edits, Person.Approves);
    internal static readonly Person Mallory = new("mallory@example.com", "developers", Person.Edits);

    private const string Configurations = "patch-operator." + OperatorUnderTest.Namespace;

    private readonly List<(string Attempt, string Outcome)> rows = [];

    internal Shop Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Shop = await Shop.OpenAsync("attacks");
        await Kubectl.ApplyAsync(string.Join("\n---\n", [
            Right("edits", "emergencypatches, modulecompatibilities", "get, list, watch, create, update, patch, delete, abort", Person.Edits),
            Right("approves", "emergencypatches", "approve", Person.Approves),
            Right("breaks-glass", "emergencypatches", "breakglass", Person.BreaksGlass),
            Right("writes-status", "emergencypatches/status", "update, patch", Person.WritesStatus),
        ]));
    }

    public async ValueTask DisposeAsync()
    {
        await MendAsync();
        await Shop.DisposeAsync();
        if (Environment.GetEnvironmentVariable("E2E_LOGS") is { Length: > 0 } folder)
        {
            string[] table = [$"### Attacks on a real cluster: {rows.Count}", "", "| # | attempt | what happened |", "| ---: | --- | --- |", .. rows.Select((row, i) => $"| {i + 1} | {row.Attempt} | {row.Outcome} |"), ""];
            await File.WriteAllLinesAsync(Path.Combine(folder, "attacks.md"), table);
        }
    }

    /// <summary>One attack that was tried to its end, for the table of them.</summary>
    internal void Tried(string attempt, string outcome) => rows.Add((attempt, outcome));

    internal async Task<Reply> DoAsync(Person who, IEnumerable<string> arguments, string? input = null)
    {
        var (code, output, errors) = await Kubectl.TryAsync([.. who.Flags, "-n", Shop.Namespace, .. arguments], input);
        return new Reply(code == 0, output + errors);
    }

    internal Task<Reply> AnnotateAsync(Person who, string name, string annotation, string value, params string[] more) =>
        DoAsync(who, ["annotate", "--overwrite", "epatch", name, $"{annotation}={value}", .. more]);

    internal Task<Reply> CommandAsync(Person who, string name, string command, string reason, params string[] more) =>
        AnnotateAsync(who, name, Annotations.CommandPrefix + command, reason, more);

    internal Task<Reply> MergeAsync(Person who, string name, JsonObject change) => DoAsync(who, ["patch", "epatch", name, "--type=merge", "-p", change.ToJsonString()]);

    internal Task<Reply> CreateAsync(Person who, string manifest, params string[] more) => DoAsync(who, ["create", "--validate=false", .. more, "-f", "-"], manifest);

    /// <summary>As kubectl edit and replace: the whole object goes back, and again if someone was faster.</summary>
    internal async Task<Reply> ReplaceAsync(Person who, string name, Action<JsonObject> change, string subresource = "")
    {
        var path = $"/apis/{Names.ApiVersion}/namespaces/{Shop.Namespace}/{Names.EmergencyPatchPlural}/{name}{subresource}";
        for (var attempt = 0; ; attempt++)
        {
            var patch = (await Shop.PatchStateAsync(name))!;
            change(patch);
            var reply = await DoAsync(who, ["replace", "--raw", path, "-f", "-"], patch.ToJsonString());
            if (reply.IsOk || attempt == 20 || !reply.Text.Contains("the object has been modified", StringComparison.Ordinal))
            {
                return reply;
            }
        }
    }

    internal string Manifest(string name, string extra = "", string steps = "[{weight: 20, hold: 5s}, {weight: 50, hold: 5s}]", string? image = null) =>
        Shop.Manifest(image ?? Shop.HealthyImage, Shop.PodMetrics, Shop.PodMetricsMetric, steps, name, extra: extra);

    /// <summary>Made by Dana, accepted, and waiting for people.</summary>
    internal async Task WaitingAsync(string name, string extra = "  approval: {required: 2}", string steps = "[{weight: 20, hold: 5s}, {weight: 50, hold: 5s}]", string? image = null)
    {
        (await CreateAsync(Dana, Manifest(name, extra, steps, image))).Ok();
        await Shop.UntilPhaseAsync("AwaitingApproval", 60, name);
        await RecordedAsync(name, "Requested", Dana.Name);
    }

    internal async Task NothingStartedAsync(string name)
    {
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal("AwaitingApproval", (await Shop.PatchStateAsync(name))!["status"]!["phase"]!.GetValue<string>());
        Assert.Equal(Shop.StableImage, await Shop.ImageAsync());
        Assert.False(await Shop.HasCanaryAsync());
    }

    internal Task RecordedAsync(string name, string action, string? actor = null) => Shop.UntilAsync(
        async () => (await Shop.TrailAsync(name)).Any(r => r.Action == action && (actor is null || r.Actor == actor)), $"{action} by {actor ?? "anybody"} is in the trail of {name}", 30);

    internal async Task<IReadOnlyList<string>> ApproversAsync(string name) =>
        [.. ((await Shop.PatchStateAsync(name))!["status"]!["approvals"] as JsonArray ?? []).Select(a => a!["by"]!.GetValue<string>()).Order(StringComparer.Ordinal)];

    internal Task UntilApprovedByAsync(string name, int people) => Shop.UntilAsync(async () => (await ApproversAsync(name)).Count == people, $"{people} approvals of {name} are taken in", 30);

    internal async Task<string?> AnnotationAsync(string name, string annotation) => (await Shop.PatchStateAsync(name))!["metadata"]!["annotations"]?[annotation]?.GetValue<string>();

    /// <summary>The API server reaches no webhook any more; the operator itself goes on.</summary>
    internal static Task CutAsync() => PortAsync(1);

    internal static Task MendAsync() => PortAsync(443);

    private static async Task PortAsync(int port)
    {
        var change = new JsonArray([.. Enumerable.Range(0, 2).Select(i => (JsonNode)new JsonObject { ["op"] = "replace", ["path"] = $"/webhooks/{i}/clientConfig/service/port", ["value"] = port })]).ToJsonString();
        foreach (var kind in (string[])["mutatingwebhookconfiguration", "validatingwebhookconfiguration"])
        {
            var (code, _, errors) = await Kubectl.TryAsync(["patch", kind, Configurations, "--type=json", "-p", change]);
            Assert.True(code == 0, errors);
        }

        // API servers take in a changed configuration a moment later.
        await Task.Delay(TimeSpan.FromSeconds(3));
    }

    private string Right(string name, string resources, string verbs, string group) => $$"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: {{name}}, namespace: {{Shop.Namespace}}}
        rules: [{apiGroups: [patchoperator.io], resources: [{{resources}}], verbs: [{{verbs}}]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: {{name}}, namespace: {{Shop.Namespace}}}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{name}}}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "{{group}}"}]
        """;
}
