using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.Runtime;

namespace PatchOperator.Traffic;

/// <summary>
/// The smallest JSON patch from one state of a route's rules to another. Every rule that it changes, or puts one of ours ahead of, is first tested to be what was read, so a change by
/// someone else in between makes the whole patch fail, and no index can hit another rule.
/// </summary>
internal static class HttpRoutePatch
{
    /// <param name="uid">Of the route that was read.</param>
    /// <param name="now">Its rules as read.</param>
    /// <param name="wanted">Its rules as they shall be.</param>
    /// <param name="isOurs">Rules that were added as a whole; all others stand in both, in the same order.</param>
    /// <returns>Null when there is nothing to change.</returns>
    public static JsonPatch? Between(string uid, JsonArray now, JsonArray wanted, Func<JsonObject, bool> isOurs)
    {
        if (JsonNode.DeepEquals(now, wanted))
        {
            return null;
        }

        var patch = new JsonPatch().Test(["metadata", "uid"], uid);
        var kept = now.OfType<JsonObject>().Select((rule, index) => (Rule: rule, Index: index)).Where(r => !isOurs(r.Rule)).ToArray();
        var targets = wanted.OfType<JsonObject>().Where(r => !isOurs(r)).ToArray();
        foreach (var ((rule, index), target) in kept.Zip(targets).Where(pair => !JsonNode.DeepEquals(pair.First.Rule, pair.Second)))
        {
            patch.Test(Rule(index), rule);
            ChangeBackends(patch, index, rule["backendRefs"]!.AsArray(), target["backendRefs"]!.AsArray());
        }

        if (!OursAreInPlace(now, wanted, isOurs))
        {
            MoveOurs(patch, now, wanted, isOurs);
        }

        return patch;
    }

    private static bool OursAreInPlace(JsonArray now, JsonArray wanted, Func<JsonObject, bool> isOurs) =>
        now.Count == wanted.Count
        && now.Zip(wanted).All(pair => isOurs(pair.First!.AsObject()) == isOurs(pair.Second!.AsObject()) && (!isOurs(pair.First.AsObject()) || JsonNode.DeepEquals(pair.First, pair.Second)));

    private static void MoveOurs(JsonPatch patch, JsonArray now, JsonArray wanted, Func<JsonObject, bool> isOurs)
    {
        for (var i = now.Count - 1; i >= 0; i--)
        {
            if (isOurs(now[i]!.AsObject()))
            {
                patch.Test(Rule(i), now[i]).Remove(Rule(i));
            }
        }

        for (var i = 0; i < wanted.Count; i++)
        {
            if (isOurs(wanted[i]!.AsObject()))
            {
                if (i + 1 < wanted.Count && !isOurs(wanted[i + 1]!.AsObject()))
                {
                    // The rule that ours is to stand ahead of, as it is by now.
                    patch.Test(Rule(i), wanted[i + 1]);
                }

                patch.Add(Rule(i), wanted[i]);
            }
        }
    }

    private static void ChangeBackends(JsonPatch patch, int rule, JsonArray now, JsonArray wanted)
    {
        var left = wanted.Select(WithoutWeight).ToList();
        var staying = new List<JsonNode>();
        for (var i = now.Count - 1; i >= 0; i--)
        {
            var match = left.FindLastIndex(w => JsonNode.DeepEquals(w, WithoutWeight(now[i])));
            if (match < 0)
            {
                patch.Remove(Backend(rule, i));
                continue;
            }

            left.RemoveAt(match);
            staying.Insert(0, now[i]!);
        }

        var inOrder = staying.Zip(wanted).All(pair => JsonNode.DeepEquals(WithoutWeight(pair.First), WithoutWeight(pair.Second)));
        if (!inOrder)
        {
            // Someone moved the canary's backend about in mid-run.
            patch.Replace([.. Rule(rule), "backendRefs"], wanted);
            return;
        }

        for (var i = 0; i < staying.Count; i++)
        {
            ChangeWeight(patch, [.. Backend(rule, i), "weight"], staying[i]["weight"], wanted[i]!["weight"]);
        }

        for (var i = staying.Count; i < wanted.Count; i++)
        {
            patch.Add(Backend(rule, i), wanted[i]);
        }
    }

    private static void ChangeWeight(JsonPatch patch, string[] path, JsonNode? now, JsonNode? wanted)
    {
        if (JsonNode.DeepEquals(now, wanted))
        {
            return;
        }

        if (wanted is null)
        {
            patch.Remove(path);
        }
        else if (now is null)
        {
            patch.Add(path, wanted);
        }
        else
        {
            patch.Replace(path, wanted);
        }
    }

    private static JsonNode WithoutWeight(JsonNode? backend)
    {
        var copy = backend!.DeepClone().AsObject();
        copy.Remove("weight");
        return copy;
    }

    private static string[] Rule(int index) => ["spec", "rules", index.ToString(CultureInfo.InvariantCulture)];

    private static string[] Backend(int rule, int index) => [.. Rule(rule), "backendRefs", index.ToString(CultureInfo.InvariantCulture)];
}
