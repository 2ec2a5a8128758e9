using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Kubernetes' own merge patch: lists of objects merge by key, with <c>$patch</c>, <c>$setElementOrder</c>, <c>$deleteFromPrimitiveList</c> and <c>$retainKeys</c>.</summary>
internal static class StrategicMergePatch
{
    private const string Order = "$setElementOrder/";
    private const string DeletePrimitives = "$deleteFromPrimitiveList/";

    public static JsonObject Apply(JsonObject target, JsonObject patch, TypeHint hint) => Merge(target, patch, hint);

    private static JsonObject Merge(JsonObject target, JsonObject patch, TypeHint hint)
    {
        if (patch.Text("$patch") is "replace")
        {
            return Clean(patch);
        }

        var result = target.Copy();
        if (patch["$retainKeys"] is JsonArray retained)
        {
            var keep = retained.Select(k => k.Text()).ToHashSet();
            foreach (var name in result.Select(p => p.Key).Where(name => !keep.Contains(name)).ToList())
            {
                result.Remove(name);
            }
        }

        foreach (var (name, value) in patch.Where(p => p.Key.StartsWith(DeletePrimitives, StringComparison.Ordinal)))
        {
            var doomed = (value as JsonArray ?? []).Select(v => v.Compact()).ToHashSet();
            if (result[name[DeletePrimitives.Length..]] is JsonArray list)
            {
                list.RemoveAll(v => doomed.Contains(v.Compact()));
            }
        }

        foreach (var (name, value) in patch.Where(p => !p.Key.StartsWith('$')))
        {
            MergeMember(result, name, value, hint.Field(name));
        }

        foreach (var (name, order) in patch.Where(p => p.Key.StartsWith(Order, StringComparison.Ordinal)))
        {
            var field = name[Order.Length..];
            if (result[field] is JsonArray list && order is JsonArray wanted)
            {
                result[field] = Sort(list, wanted, hint.Field(field).PatchKey);
            }
        }

        return result;
    }

    private static void MergeMember(JsonObject result, string name, JsonNode? value, TypeHint hint)
    {
        switch (value)
        {
            case null:
                result.Remove(name);
                break;
            case JsonObject child when child.Text("$patch") is "delete":
                result.Remove(name);
                break;
            case JsonObject child:
                result[name] = Merge(result[name] as JsonObject ?? [], child, hint);
                break;
            case JsonArray items when hint.List == ListMerge.Map && hint.PatchKey is { } key:
                result[name] = MergeList(result[name] as JsonArray ?? [], items, key, hint.Items);
                break;
            case JsonArray items when hint.List == ListMerge.Set:
                var union = (JsonArray)(result[name] as JsonArray ?? []).DeepClone();
                foreach (var item in items.Where(i => !union.Any(u => JsonNode.DeepEquals(u, i))))
                {
                    union.Add(item?.DeepClone());
                }

                result[name] = union;
                break;
            default:
                result[name] = value.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, string key, TypeHint item)
    {
        var items = patch.OfType<JsonObject>().ToList();
        if (items.Any(i => i.Text("$patch") is "replace"))
        {
            return new JsonArray([.. items.Where(i => i.Text("$patch") is null).Select(Clean)]);
        }

        var result = (JsonArray)target.DeepClone();
        foreach (var change in items)
        {
            var at = result.ToList().FindIndex(r => JsonNode.DeepEquals(r.At(key), change[key]));
            if (change.Text("$patch") is "delete")
            {
                if (at >= 0)
                {
                    result.RemoveAt(at);
                }
            }
            else if (at >= 0)
            {
                result[at] = Merge((JsonObject)result[at]!, change, item);
            }
            else
            {
                result.Add(Merge([], change, item));
            }
        }

        return result;
    }

    /// <summary>Items that the order does not name stay where they were, after the named ones before them.</summary>
    private static JsonArray Sort(JsonArray list, JsonArray wanted, string? key)
    {
        string Identity(JsonNode? node) => key is null ? node.Compact() : node.At(key).Compact();
        var ranks = wanted.Select((w, i) => (Id: Identity(w), i)).DistinctBy(w => w.Id).ToDictionary(w => w.Id, w => w.i);
        var rank = -1;
        var ranked = new List<(int Rank, JsonNode? Node)>();
        foreach (var node in list)
        {
            rank = ranks.TryGetValue(Identity(node), out var named) ? named : rank;
            ranked.Add((rank, node?.DeepClone()));
        }

        return new JsonArray([.. ranked.OrderBy(r => r.Rank).Select(r => r.Node)]);
    }

    private static JsonObject Clean(JsonObject patch) => new(patch
        .Where(p => !p.Key.StartsWith('$'))
        .Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
}
