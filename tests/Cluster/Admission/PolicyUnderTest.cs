using System.Text.Json.Nodes;
using Cel;
using PatchOperator.TestKit.Crds;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>A ValidatingAdmissionPolicy as the chart renders it, evaluated as an API server does: an expression that fails denies (failurePolicy Fail).</summary>
internal sealed class PolicyUnderTest
{
    private readonly CelEnvironment cel = new(null, "");
    private readonly JsonObject spec;

    private PolicyUnderTest(JsonObject policy)
    {
        spec = policy["spec"]!.AsObject();

        // Kubernetes has it, the library has not.
        cel.RegisterFunction("replace", [typeof(string), typeof(string), typeof(string)], args => ((string)args[0]!).Replace((string)args[1]!, (string)args[2]!, StringComparison.Ordinal));
    }

    /// <summary>Those that a binding makes deny something, everywhere: a policy by itself does nothing.</summary>
    public static IReadOnlyList<PolicyUnderTest> All { get; } = [.. Rendered("ValidatingAdmissionPolicy").Where(IsInForce).Select(o => new PolicyUnderTest(o))];

    /// <summary>An expression that cannot be evaluated denies.</summary>
    public bool FailsClosed => spec["failurePolicy"]?.ToString() is null or "Fail";

    /// <summary>What the client is told; null where the write is allowed, or no business of this policy.</summary>
    /// <param name="user">Who writes.</param>
    /// <param name="resource">Plural, with the subresource behind a slash.</param>
    /// <param name="before">Null for a creation.</param>
    /// <param name="after">What is to be stored.</param>
    public string? Refusal(string user, string resource, JsonObject? before, JsonObject after)
    {
        var rule = spec["matchConstraints"]!["resourceRules"]!.AsArray().Single()!;
        if (!Holds(rule["resources"]!, resource) || !Holds(rule["operations"]!, before is null ? "CREATE" : "UPDATE") || !Holds(rule["apiGroups"]!, "patchoperator.io")
            || !Holds(rule["apiVersions"]!, "v1alpha1") || rule["scope"]?.ToString() is not (null or "*" or "Namespaced"))
        {
            return null;
        }

        var known = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["object"] = Value(after),
            ["oldObject"] = Value(before),
            ["request"] = Value(new JsonObject { ["userInfo"] = new JsonObject { ["username"] = user } }),
        };
        if (!(spec["matchConditions"] as JsonArray ?? []).All(condition => IsTrue(condition!, known)))
        {
            return null;
        }

        var variables = new Dictionary<string, object?>(StringComparer.Ordinal);
        known["variables"] = variables;
        foreach (var variable in spec["variables"] as JsonArray ?? [])
        {
            variables[variable!["name"]!.ToString()] = cel.Compile(variable["expression"]!.ToString())(known);
        }

        return spec["validations"]!.AsArray().FirstOrDefault(validation => !IsTrue(validation!, known))?["message"]!.ToString();
    }

    private static bool Holds(JsonNode names, string name) => names.AsArray().Any(n => n!.ToString() == name || n.ToString() == "*");

    private static bool IsInForce(JsonObject policy) => Rendered("ValidatingAdmissionPolicyBinding").Select(o => o["spec"]!).Any(binding =>
        binding["policyName"]!.ToString() == policy["metadata"]!["name"]!.ToString() && Holds(binding["validationActions"]!, "Deny") && binding["matchResources"] is null && binding["paramRef"] is null);

    private static IEnumerable<JsonObject> Rendered(string kind) =>
        CrdSchemas.ReadFile(Path.Combine(CrdSchemas.RepositoryRoot, "charts", "cases", "default", "rendered.yaml")).Where(o => o["kind"]!.ToString() == kind);

    private bool IsTrue(JsonNode rule, Dictionary<string, object?> known) => cel.Compile(rule["expression"]!.ToString())(known) is true;

    private static object? Value(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(entry => entry.Key, entry => Value(entry.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(Value).ToList(),
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<long>(out var whole) => whole,
        var other => other.GetValue<double>(),
    };
}
