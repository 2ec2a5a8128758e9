using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>
/// Identity of what the user asked for. A run and its approvals are bound to it, so it must change with every material edit
/// and with nothing else: not with key order, with defaults written out, or with an upgrade of the operator or its CRD.
/// </summary>
public static class SpecDigest
{
    // Names the rules below. A change of them needs a new prefix, and code that still knows the old one.
    private const string Version = "v1:sha256:";

    /// <summary>A rating is amended, a deadline moved and a run frozen in mid-run; none of that changes what was approved.</summary>
    private static readonly HashSet<string> Amendable =
    [
        "suspend",
        "advisory.severity",
        "advisory.cvssScore",
        "advisory.exploited",
        "advisory.remediateBy",
    ];

    /// <summary>Job templates are other people's API: in them <c>emptyDir: {}</c> and nothing at all are different things.</summary>
    private static readonly HashSet<string> Verbatim = ["database.job", "validations[].job"];

    public static string Of(EmergencyPatchSpec spec)
    {
        var intent = JsonSerializer.SerializeToNode(spec, DomainJson.Default.EmergencyPatchSpec)!.AsObject();
        Reduce(intent, "");
        return Version + CanonicalJson.Sha256(intent);
    }

    private static void Reduce(JsonNode? node, string path)
    {
        if (Verbatim.Contains(path))
        {
            return;
        }

        if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                Reduce(item, path + "[]");
            }
        }

        if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                var memberPath = path.Length == 0 ? name : $"{path}.{name}";
                Reduce(value, memberPath);
                if (Amendable.Contains(memberPath) || IsEmpty(value) || IsDefault(memberPath, value))
                {
                    members.Remove(name);
                }
            }
        }
    }

    private static bool IsEmpty(JsonNode? value) => value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 };

    private static bool IsDefault(string path, JsonNode? value) =>
        SpecDefaults.ByPath.TryGetValue(path, out var byDefault) && CanonicalJson.Write(value) == byDefault;
}
