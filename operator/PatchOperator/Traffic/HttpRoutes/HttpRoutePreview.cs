using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using static PatchOperator.Traffic.HttpRouteJson;

namespace PatchOperator.Traffic;

/// <summary>The rule that stands ahead of another for testers: the same requests, if they have one more header.</summary>
internal static class HttpRoutePreview
{
    /// <summary>What the API allows.</summary>
    private const int LongestSession = 128;

    private const string Persistence = "sessionPersistence";
    private const string SessionName = "sessionName";

    /// <summary>The rule for those requests alone that have the header, too.</summary>
    public static JsonObject? Ahead(JsonObject rule, JsonObject header)
    {
        var name = Text(header, "name");
        var matches = new JsonArray();
        foreach (var match in rule["matches"] is JsonArray { Count: > 0 } given ? Objects(given) : [new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" } }])
        {
            if (Headers(match).Any(h => string.Equals(Text(h, "name"), name, StringComparison.OrdinalIgnoreCase)))
            {
                // A header can be matched once; requests of this match are the user's own business.
                continue;
            }

            var copy = match.DeepClone().AsObject();
            copy["headers"] = new JsonArray([.. Headers(match).Append(header).Select(h => h.DeepClone())]);
            matches.Add((JsonNode)copy);
        }

        if (matches.Count == 0)
        {
            return null;
        }

        var ahead = rule.DeepClone().AsObject();

        // A rule's name is unique in its route.
        ahead.Remove("name");
        ahead["matches"] = matches;
        if (ahead[Persistence] is JsonObject persistence && Text(persistence, SessionName) is { Length: > 0 } session)
        {
            // Two rules with one session name may be refused, or a tester's session leads everybody's requests with it.
            persistence[SessionName] = CanaryService.Apart(session, LongestSession);
        }

        return ahead;
    }

    /// <summary>Whether a rule is what this header puts ahead of another, whoever answers it.</summary>
    public static bool IsAhead(JsonObject rule, JsonObject other, JsonObject header)
    {
        if (Ahead(other, header) is not { } ahead)
        {
            return false;
        }

        ahead["backendRefs"] = rule["backendRefs"]?.DeepClone();
        if (JsonNode.DeepEquals(rule, ahead))
        {
            return true;
        }

        // Earlier versions left the session its name.
        ahead[Persistence] = other[Persistence]?.DeepClone();
        return ahead[Persistence] is not null && JsonNode.DeepEquals(rule, ahead);
    }

    public static JsonObject PreviewHeader(PreviewIntent preview)
    {
        var (name, type, value) = preview.Header is { } header ? (header, "Exact", preview.Value) : ("Cookie", "RegularExpression", CookiePattern(preview.Cookie!, preview.Value));
        return new JsonObject { ["type"] = type, ["name"] = name, ["value"] = value };
    }

    /// <summary>Right also where an expression need not match the whole header. Names and values have no character that means something else, but the dot.</summary>
    private static string CookiePattern(string name, string value) => $"^(.*;[ ]*)?{name}={value.Replace(".", "[.]", StringComparison.Ordinal)}([ ]*;.*)?$";
}
