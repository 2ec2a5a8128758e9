using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Runtime;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Architecture;

/// <summary>charts/patch-operator/files/rbac.yaml is where rights are written; the README says why, and the code says what is needed.</summary>
public sealed partial class ChartRbacTests
{
    private static readonly JsonObject Rbac =
        CrdSchemas.ReadFile(Path.Combine(CrdSchemas.RepositoryRoot, "charts", "patch-operator", "files", "rbac.yaml")).Single();

    [Fact]
    public void The_README_gives_a_reason_for_every_right_and_for_no_other()
    {
        var readme = File.ReadAllText(Path.Combine(CrdSchemas.RepositoryRoot, "charts", "README.md"));
        var documented = Row().Matches(readme)
            .SelectMany(row => row.Groups["resources"].Value.Split(", ").Select(resource => $"{resource}: {row.Groups["verbs"].Value}"));
        var written = ((string[])["operator", "leaderElection", "credentials", "accessReviews", "admissionSecret", "admissionWebhooks", "auditSecret", "auditConfigMaps"]).SelectMany(Rules)
            .SelectMany(rule => rule.Resources.Select(resource => $"{Qualified(rule.Group, resource)}: {string.Join(", ", rule.Verbs)}"));
        Assert.Equal(written.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Everything_that_the_operator_caches_may_be_read()
    {
        string[] lists = ["PatchOperator.Patches.Resources.Kinds", "PatchOperator.Compatibility.CompatibilityKinds"];
        var kinds = lists.SelectMany(list => typeof(ResourceType).Assembly.GetType(list, throwOnError: true)!
            .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<ResourceType>()).ToList();
        Assert.NotEmpty(kinds);
        Assert.All(kinds, kind => Assert.Subset(Granted(kind.Group, kind.Plural), new HashSet<string> { "get", "list", "watch" }));
    }

    /// <summary>Reads the calls in the source. A right that no call needs is one that only an intruder will use.</summary>
    [Fact]
    public void Nothing_is_granted_that_no_call_needs()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(CrdSchemas.RepositoryRoot, "operator", "PatchOperator"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).Select(File.ReadAllText).ToList();
        var kinds = typeof(ResourceType).Assembly.GetTypes().SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(field => field.FieldType.IsAssignableTo(typeof(ResourceType)))
            .ToLookup(field => field.Name, field => ((ResourceType)field.GetValue(null)!).Plural, StringComparer.Ordinal);
        var needed = sources.SelectMany(source => Call().Matches(source)).SelectMany(call => kinds[call.Groups["kind"].Value].SelectMany(plural => Needs(call.Groups["call"].Value, plural)))
            .Concat(kinds.SelectMany(same => same).Where(plural => plural != "events").SelectMany(plural => new[] { $"{plural}: list", $"{plural}: watch" }))
            .ToHashSet(StringComparer.Ordinal);

        // These calls name the kind by a variable, and the API server itself asks for the finalizers of whoever owns something.
        needed.UnionWith(["deployments: get", "statefulsets: get", "cronjobs: get", "jobs: get", "modulecompatibilities: get", "endpoints: get", "endpointslices: get", "pods/log: get"]);
        needed.UnionWith(["deployments: patch", "statefulsets: patch", "cronjobs: patch", "emergencypatches/finalizers: update"]);
        needed.UnionWith(["mutatingwebhookconfigurations: get", "mutatingwebhookconfigurations: patch", "validatingwebhookconfigurations: get", "validatingwebhookconfigurations: patch"]);
        needed.Add("pods/status: patch");
        Assert.Equal(["Pods, ObjectKey.Of(pod), gate, Names.FieldManager, force: true, cancellation, subresource: \"status\""], sources.SelectMany(source => Subresource().Matches(source)).Select(call => call.Value));
        var granted = ((string[])["operator", "leaderElection", "accessReviews", "admissionSecret", "admissionWebhooks", "auditSecret", "auditConfigMaps"]).SelectMany(Rules)
            .SelectMany(rule => rule.Resources.SelectMany(resource => rule.Verbs.Select(verb => $"{resource}: {verb}")));
        Assert.Equal([], granted.Except(needed, StringComparer.Ordinal));
    }

    [Fact]
    public void No_right_lets_the_operator_read_Secrets_by_itself_or_give_itself_more()
    {
        var everything = Rbac.Where(role => role.Key is not ("credentials" or "admissionSecret" or "auditSecret")).SelectMany(role => Rules(role.Key)).ToList();
        string[] refused = ["*", "secrets", "roles", "clusterroles", "rolebindings", "clusterrolebindings", "serviceaccounts", "escalate", "bind", "impersonate"];
        Assert.All(everything, rule => Assert.Empty(refused.Intersect([rule.Group, .. rule.Resources, .. rule.Verbs])));
    }

    /// <summary>Names come from the administrator, and without a name there is no right: the template adds them as resourceNames.</summary>
    [Fact]
    public void Credentials_are_got_by_name_and_never_listed_or_watched()
    {
        var rule = Assert.Single(Rules("credentials"));
        Assert.Equal(("", "secrets", "get"), (rule.Group, Assert.Single(rule.Resources), Assert.Single(rule.Verbs)));
    }

    [Fact]
    public void Of_its_own_namespace_the_operator_may_touch_one_Secret_and_two_ConfigMaps_by_name_for_audit_trails()
    {
        var rules = Rbac["auditSecret"]!.AsArray().Concat(Rbac["auditConfigMaps"]!.AsArray());
        Assert.Equal(["patch-operator-audit", "patch-operator-audit-heads", "patch-operator-audit-keys"], rules.SelectMany(rule => Texts(rule!["resourceNames"])).Order(StringComparer.Ordinal));
        Assert.All(rules, rule => Assert.Equal(["get", "patch"], Texts(rule!["verbs"])));
    }

    [Fact]
    public void Of_Secrets_the_operator_keeps_one_and_of_webhooks_its_own_pair_each_by_name()
    {
        var secret = Assert.Single(Rbac["admissionSecret"]!.AsArray())!;
        Assert.Equal(["patch-operator-admission"], Texts(secret["resourceNames"]));
        Assert.Equal(["get", "update"], Texts(secret["verbs"]));
        var webhooks = Assert.Single(Rbac["admissionWebhooks"]!.AsArray())!;
        Assert.Equal(["WEBHOOKS"], Texts(webhooks["resourceNames"]));
        Assert.Equal(["get", "patch"], Texts(webhooks["verbs"]));
    }

    [Fact]
    public void Whom_approvals_rest_on_is_decided_by_nobody_but_those_who_bind_the_roles()
    {
        string[] ours = ["approve", "breakglass"];
        Assert.All((string[])["operator", "view", "edit"], role => Assert.Empty(Rules(role).SelectMany(rule => rule.Verbs).Intersect(ours)));
        Assert.Equal(["approve"], Rules("approver").SelectMany(rule => rule.Verbs).Intersect(ours));
        Assert.Equal(["breakglass"], Rules("breakGlass").SelectMany(rule => rule.Verbs).Intersect(ours));
    }

    private static string[] Needs(string call, string plural) => call switch
    {
        "FindAsync" or "GetAsync" => [$"{plural}: get"],
        "ListAsync" or "Shared" => [$"{plural}: get", $"{plural}: list", $"{plural}: watch"],
        "CreateAsync" => [$"{plural}: create"],
        "ApplyAsync" => [$"{plural}: create", $"{plural}: patch"],
        "JsonPatchAsync" or "MergePatchAsync" => [$"{plural}: patch"],
        "ReplaceAsync" => [$"{plural}: update"],
        "ReplaceStatusAsync" => [$"{plural}/status: update"],
        "DeleteAsync" => [$"{plural}: delete"],
        _ => throw new ArgumentOutOfRangeException(nameof(call), call, "is no call of the client"),
    };

    private static HashSet<string> Granted(string group, string resource) =>
        [.. Rules("operator").Where(rule => rule.Group == group && rule.Resources.Contains(resource)).SelectMany(rule => rule.Verbs)];

    private static IEnumerable<Rule> Rules(string role) =>
        from rule in Rbac[role]!.AsArray()
        from apiGroup in Texts(rule!["apiGroups"])
        select new Rule(apiGroup, [.. Texts(rule["resources"])], [.. Texts(rule["verbs"])]);

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(item => item!.GetValue<string>());

    private static string Qualified(string group, string resource) => group.Length == 0 ? resource : $"{resource} ({group})";

    // client.ApplyAsync(Kinds.Services, key, …), client.FindAsync((ResourceType)Kinds.Services, key, …)
    [GeneratedRegex(@"\.(?<call>FindAsync|GetAsync|ListAsync|Shared|CreateAsync|ApplyAsync|JsonPatchAsync|MergePatchAsync|ReplaceAsync|ReplaceStatusAsync|DeleteAsync)\((\(ResourceType\))?([A-Za-z]+\.)?(?<kind>[A-Z][A-Za-z]+)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Call();

    // The one call that names a subresource: a gate of the canary's own pods.
    [GeneratedRegex(@"(?<=\(Kinds\.)[^;\n]*subresource: ""[a-z]+""", RegexOptions.ExplicitCapture)]
    private static partial Regex Subresource();

    // | pods | get, list, watch, patch | why |
    [GeneratedRegex(@"^\| `(?<resources>[^`]+)` \| `(?<verbs>[a-z, ]+)` \| .+ \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    private sealed record Rule(string Group, string[] Resources, string[] Verbs);
}
