using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Which paths a value has, and which differ between two values.</summary>
internal static class FieldPaths
{
    public static string OfField(string name) => "f:" + name;

    /// <summary>The path element that names an item of a keyed list or a set.</summary>
    public static string OfItem(TypeHint list, JsonNode? item)
    {
        if (list.List == ListMerge.Set)
        {
            return "v:" + item.Compact();
        }

        var key = new JsonObject();
        foreach (var name in list.Keys.Order(StringComparer.Ordinal))
        {
            if ((item as JsonObject)?[name] is { } value)
            {
                key[name] = value.DeepClone();
            }
            else if (list.KeyDefaults.TryGetValue(name, out var fallback))
            {
                key[name] = fallback;
            }
        }

        return "k:" + key.Compact();
    }

    public static FieldSet Of(JsonNode? value, TypeHint hint)
    {
        var set = new FieldSet();
        switch (value)
        {
            case JsonObject { Count: > 0 } obj when !hint.Atomic:
                foreach (var (name, member) in obj)
                {
                    set.Add(OfField(name), Of(member, hint.Field(name)));
                }

                break;
            case JsonArray { Count: > 0 } array when hint.List != ListMerge.Atomic:
                foreach (var item in array)
                {
                    var child = hint.List == ListMerge.Map ? Of(item, hint.Items) : new FieldSet();
                    child.IsMember = true;
                    set.Add(OfItem(hint, item), child);
                }

                break;
            default:
                set.IsMember = true;
                break;
        }

        return set;
    }

    /// <returns>What was added or changed, and what was removed, between the two.</returns>
    public static (FieldSet Changed, FieldSet Removed) Compare(JsonNode? before, JsonNode? after, TypeHint hint)
    {
        var changed = new FieldSet();
        var removed = new FieldSet();
        if (before is JsonObject was && after is JsonObject now && !hint.Atomic)
        {
            foreach (var name in was.Select(p => p.Key).Union(now.Select(p => p.Key)).ToList())
            {
                CompareMember(OfField(name), was[name], now[name], was.ContainsKey(name), now.ContainsKey(name), hint.Field(name), changed, removed);
            }

            changed.IsMember = now.Count == 0 && was.Count > 0;
        }
        else if (before is JsonArray wasList && after is JsonArray nowList && hint.List != ListMerge.Atomic)
        {
            var old = Index(wasList, hint);
            var current = Index(nowList, hint);
            foreach (var element in old.Keys.Union(current.Keys).ToList())
            {
                CompareMember(
                    element, old.GetValueOrDefault(element), current.GetValueOrDefault(element),
                    old.ContainsKey(element), current.ContainsKey(element), hint.Items, changed, removed, isItem: true);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            changed = Of(after, hint);
            removed = Of(before, hint).Minus(changed);
        }

        return (changed, removed);
    }

    public static Dictionary<string, JsonNode?> Index(JsonArray list, TypeHint hint)
    {
        var index = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list)
        {
            index[OfItem(hint, item)] = item;
        }

        return index;
    }

    private static void CompareMember(
        string element,
        JsonNode? before,
        JsonNode? after,
        bool existed,
        bool exists,
        TypeHint hint,
        FieldSet changed,
        FieldSet removed,
        bool isItem = false)
    {
        if (existed && exists)
        {
            var (changedBelow, removedBelow) = Compare(before, after, hint);
            changed.Add(element, changedBelow);
            removed.Add(element, removedBelow);
            return;
        }

        var all = Of(exists ? after : before, hint);
        all.IsMember |= isItem;
        (exists ? changed : removed).Add(element, all);
    }
}
