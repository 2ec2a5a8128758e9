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
        var written = ((string[])["operator", "leaderElection", "credentials", "accessReviews", "admissionSecret", "admissionWebhooks"]).SelectMany(Rules)
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

    [Fact]
    public void No_right_lets_the_operator_read_Secrets_by_itself_or_give_itself_more()
    {
        var everything = Rbac.Where(role => role.Key is not ("credentials" or "admissionSecret")).SelectMany(role => Rules(role.Key)).ToList();
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

    private static HashSet<string> Granted(string group, string resource) =>
        [.. Rules("operator").Where(rule => rule.Group == group && rule.Resources.Contains(resource)).SelectMany(rule => rule.Verbs)];

    private static IEnumerable<Rule> Rules(string role) =>
        from rule in Rbac[role]!.AsArray()
        from apiGroup in Texts(rule!["apiGroups"])
        select new Rule(apiGroup, [.. Texts(rule["resources"])], [.. Texts(rule["verbs"])]);

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(item => item!.GetValue<string>());

    private static string Qualified(string group, string resource) => group.Length == 0 ? resource : $"{resource} ({group})";

    // | pods | get, list, watch, patch | why |
    [GeneratedRegex(@"^\| `(?<resources>[^`]+)` \| `(?<verbs>[a-z, ]+)` \| .+ \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    private sealed record Rule(string Group, string[] Resources, string[] Verbs);
}
