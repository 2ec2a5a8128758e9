using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One entry of <c>metadata.managedFields</c>.</summary>
internal sealed record ManagerEntry(string Manager, string Operation, string ApiVersion, string Subresource, string Time, FieldSet Fields)
{
    public bool Is(ManagerEntry other) =>
        Manager == other.Manager && Operation == other.Operation && ApiVersion == other.ApiVersion && Subresource == other.Subresource;
}

/// <summary>Reads, writes and tracks who owns which field.</summary>
internal static class ManagedFields
{
    private static readonly string[] ServerOwnedMetadata =
    [
        "name", "generateName", "namespace", "uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "selfLink",
        "deletionTimestamp", "deletionGracePeriodSeconds",
    ];

    public static List<ManagerEntry> Read(JsonObject obj) =>
    [
        .. obj.Objects("metadata", "managedFields").Select(e => new ManagerEntry(
            e.Text("manager") ?? "",
            e.Text("operation") ?? "",
            e.Text("apiVersion") ?? "",
            e.Text("subresource") ?? "",
            e.Text("time") ?? "",
            FieldSet.Parse(e["fieldsV1"]))),
    ];

    public static void Write(JsonObject obj, IEnumerable<ManagerEntry> entries)
    {
        var array = new JsonArray();
        foreach (var entry in entries.Where(e => !e.Fields.IsEmpty))
        {
            var json = new JsonObject
            {
                ["manager"] = entry.Manager,
                ["operation"] = entry.Operation,
                ["apiVersion"] = entry.ApiVersion,
                ["time"] = entry.Time,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = entry.Fields.ToJson(),
            };
            if (entry.Subresource.Length > 0)
            {
                json["subresource"] = entry.Subresource;
            }

            array.Add(json);
        }

        if (array.Count > 0)
        {
            obj.Meta()["managedFields"] = array;
        }
        else
        {
            obj.Meta().Remove("managedFields");
        }
    }

    /// <summary>Gives the writer of an update the fields it changed, and takes them from everybody else.</summary>
    public static void TrackUpdate(ResourceKind kind, JsonObject? before, JsonObject after, WriteContext context)
    {
        // A client may edit the books themselves; leaving them out, or empty, changes nothing, and [{}] clears them.
        var entries = before is null ? [] : Read(after.At("metadata", "managedFields") is JsonArray { Count: > 0 } ? after : before);
        var (changed, removed) = FieldPaths.Compare(before ?? [], after, kind.Hints);
        StripServerOwned(changed);
        StripServerOwned(removed);
        if (changed.IsEmpty && removed.IsEmpty)
        {
            Write(after, entries);
            return;
        }

        var writer = new ManagerEntry(context.Manager, "Update", kind.ApiVersion, context.Subresource, context.Now.Timestamp(), new FieldSet());
        var taken = changed.Union(removed);
        var next = new List<ManagerEntry>();
        var found = false;
        foreach (var entry in entries)
        {
            if (entry.Is(writer))
            {
                found = true;
                next.Add(writer with { Fields = entry.Fields.Minus(removed).Union(changed) });
            }
            else
            {
                next.Add(entry with { Fields = entry.Fields.Minus(taken) });
            }
        }

        if (!found)
        {
            next.Add(writer with { Fields = changed });
        }

        Write(after, next);
    }

    public static void StripServerOwned(FieldSet set)
    {
        set.Drop("f:apiVersion");
        set.Drop("f:kind");
        if (set.Find("f:metadata") is { } metadata)
        {
            foreach (var name in ServerOwnedMetadata)
            {
                metadata.Drop("f:" + name);
            }

            metadata.IsMember = false;
            if (metadata.IsEmpty)
            {
                set.Drop("f:metadata");
            }
        }
    }
}
