using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Server-side apply: merges a manager's configuration into the live object and keeps the books of ownership.</summary>
internal static class ServerSideApply
{
    /// <param name="live">The stored object.</param>
    /// <param name="applied">The manager's whole intent, already cleaned of fields it may not set.</param>
    /// <param name="force">Takes fields from other managers instead of reporting a conflict.</param>
    public static JsonObject Merge(ResourceKind kind, JsonObject live, JsonObject applied, WriteContext context, bool force)
    {
        var intent = FieldPaths.Of(applied, kind.Hints);
        ManagedFields.StripServerOwned(intent);
        var me = new ManagerEntry(context.Manager, "Apply", kind.ApiVersion, context.Subresource, context.Now.Timestamp(), intent);
        var entries = ManagedFields.Read(live);
        var mine = entries.Find(e => e.Is(me));
        var others = entries.Where(e => !e.Is(me)).ToList();

        var merged = (JsonObject)MergeValue(live, applied, kind.Hints)!;
        var (changed, _) = FieldPaths.Compare(live, merged, kind.Hints);
        ManagedFields.StripServerOwned(changed);
        others = force ? [.. others.Select(o => o with { Fields = o.Fields.Minus(changed) })] : RefuseConflicts(others, changed);

        if (mine is not null)
        {
            var ownedByOthers = others.Aggregate(new FieldSet(), (all, o) => all.Union(o.Fields));
            merged = RemoveValue(merged, mine.Fields.Minus(intent), ownedByOthers.Union(intent), kind.Hints) as JsonObject ?? [];
        }

        // An apply that changes nothing must not even change the time of the entry, else every sync would be a write.
        var unchangedIntent = mine is not null && mine.Fields.SameAs(intent) && changed.IsEmpty;
        var entry = unchangedIntent ? mine! : me;
        var at = mine is null ? others.Count : entries.IndexOf(mine);
        others.Insert(Math.Min(at, others.Count), entry);
        ManagedFields.Write(merged, others);
        return merged;
    }

    private static List<ManagerEntry> RefuseConflicts(List<ManagerEntry> others, FieldSet changed)
    {
        var conflicts = others
            .Select(o => (Owner: o, Paths: o.Fields.Intersect(changed).Paths().ToList()))
            .Where(c => c.Paths.Count > 0)
            .ToList();
        if (conflicts.Count == 0)
        {
            return others;
        }

        var causes = new JsonArray();
        foreach (var (owner, paths) in conflicts)
        {
            foreach (var path in paths)
            {
                causes.Add(new JsonObject
                {
                    ["reason"] = "FieldManagerConflict",
                    ["message"] = $"conflict with {Describe(owner)}",
                    ["field"] = path,
                });
            }
        }

        var lines = conflicts.Select(c => c.Paths.Count == 1
            ? $"conflict with {Describe(c.Owner)}: {c.Paths[0]}"
            : $"conflicts with {Describe(c.Owner)}:\n- {string.Join("\n- ", c.Paths)}");
        var count = causes.Count == 1 ? "1 conflict" : $"{causes.Count} conflicts";
        throw new ApiException(409, "Conflict", $"Apply failed with {count}: {string.Join("\n", lines)}")
        {
            Details = new JsonObject { ["causes"] = causes },
        };
    }

    private static string Describe(ManagerEntry owner)
    {
        var with = owner.Subresource.Length > 0 ? $" with subresource \"{owner.Subresource}\"" : "";
        return owner.Operation == "Update" ? $"\"{owner.Manager}\"{with} using {owner.ApiVersion}" : $"\"{owner.Manager}\"{with}";
    }

    private static JsonNode? MergeValue(JsonNode? live, JsonNode? applied, TypeHint hint)
    {
        if (live is JsonObject was && applied is JsonObject now && !hint.Atomic)
        {
            var result = was.Copy();
            foreach (var (name, value) in now)
            {
                result[name] = MergeValue(was[name], value, hint.Field(name));
            }

            return result;
        }

        if (live is JsonArray wasList && applied is JsonArray nowList && hint.List != ListMerge.Atomic)
        {
            var incoming = FieldPaths.Index(nowList, hint);
            var result = new JsonArray();
            foreach (var item in wasList)
            {
                var element = FieldPaths.OfItem(hint, item);
                result.Add(incoming.Remove(element, out var update) ? MergeValue(item, update, hint.Items) : item?.DeepClone());
            }

            foreach (var item in incoming.Values)
            {
                result.Add(item?.DeepClone());
            }

            return result;
        }

        return applied?.DeepClone();
    }

    /// <summary>Removes the paths that nobody holds any more; a container that becomes empty goes too. Null means: nothing is left.</summary>
    private static JsonNode? RemoveValue(JsonNode? value, FieldSet released, FieldSet held, TypeHint hint)
    {
        switch (value)
        {
            case JsonObject obj when !hint.Atomic && released.Children.Count > 0:
                foreach (var (element, below) in released.Children)
                {
                    var name = element[2..];
                    if (obj.TryGetPropertyValue(name, out var member))
                    {
                        var left = RemoveMember(member, below, held.Find(element), hint.Field(name));
                        if (left is null)
                        {
                            obj.Remove(name);
                        }
                        else if (!ReferenceEquals(left, member))
                        {
                            obj[name] = left;
                        }
                    }
                }

                return obj.Count == 0 ? null : obj;
            case JsonArray array when hint.List != ListMerge.Atomic && released.Children.Count > 0:
                foreach (var item in array.ToList())
                {
                    var element = FieldPaths.OfItem(hint, item);
                    if (released.Find(element) is { } below && RemoveMember(item, below, held.Find(element), hint.Items) is null)
                    {
                        array.Remove(item);
                    }
                }

                return array.Count == 0 ? null : array;
            default:
                return value;
        }
    }

    private static JsonNode? RemoveMember(JsonNode? value, FieldSet released, FieldSet? held, TypeHint hint)
    {
        if (released.IsMember && held is null)
        {
            return null;
        }

        return RemoveValue(value, released, held ?? new FieldSet(), hint);
    }
}
