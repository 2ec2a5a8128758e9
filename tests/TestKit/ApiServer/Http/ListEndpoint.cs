using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Lists, whole or in pages that stay at the revision of the first one.</summary>
internal sealed class ListEndpoint(VersionedStore store, TimeProvider time)
{
    public ApiResponse List(ResourceKind kind, string? ns, HttpRequest request)
    {
        string? Query(string name) => request.Query[name].FirstOrDefault();
        var selector = Selector.Parse(Query("labelSelector"), Query("fieldSelector"));
        var limit = int.TryParse(Query("limit"), out var parsed) && parsed > 0 ? parsed : int.MaxValue;

        IReadOnlyList<StoredObject> objects;
        long revision;
        var after = "";
        lock (store.Gate)
        {
            if (Query("continue") is { Length: > 0 } token)
            {
                (revision, after) = ReadToken(token);
                objects = store.ListAt(kind.Resource, ns, revision);
            }
            else if (Query("resourceVersionMatch") == "Exact" && long.TryParse(Query("resourceVersion"), out revision))
            {
                objects = store.ListAt(kind.Resource, ns, revision);
            }
            else
            {
                revision = store.Revision;
                objects = store.List(kind.Resource, ns);
            }
        }

        var left = objects
            .Where(o => string.CompareOrdinal(KeyOf(o), after) > 0 && selector.Matches(o.Value))
            .ToList();
        var page = left.Count > limit ? left[..limit] : left;
        var metadata = new JsonObject { ["resourceVersion"] = $"{revision}" };
        if (page.Count < left.Count)
        {
            metadata["continue"] = WriteToken(revision, KeyOf(page[^1]));
            metadata["remainingItemCount"] = left.Count - page.Count;
        }

        if (Negotiation.TableVersion(request) is { } version)
        {
            var printer = new TablePrinter(kind, version, Query("includeObject") ?? "Metadata", time);
            return ApiResponse.Json(printer.Print(page.Select(o => o.Value), metadata));
        }

        return new ApiResponse(200, Write(kind, page, metadata));
    }

    private static ReadOnlyMemory<byte> Write(ResourceKind kind, List<StoredObject> items, JsonObject metadata)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, JsonExtensions.WireWriter);
        writer.WriteStartObject();
        writer.WriteString("kind", kind.ListKind);
        writer.WriteString("apiVersion", kind.ApiVersion);
        writer.WritePropertyName("metadata");
        metadata.WriteTo(writer);
        writer.WriteStartArray("items");
        foreach (var item in items)
        {
            if (kind.IsCustom)
            {
                writer.WriteRawValue(item.Json, skipInputValidation: true);
                continue;
            }

            // Items of built-in lists come without their type: clients that forget to fill it in should find out here.
            writer.WriteStartObject();
            foreach (var (name, value) in item.Value.Where(p => p.Key is not ("apiVersion" or "kind") && p.Value is not null))
            {
                writer.WritePropertyName(name);
                value!.WriteTo(writer, JsonExtensions.Wire);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static string KeyOf(StoredObject o) => VersionedStore.Key(o.Value.Namespace(), o.Value.Name());

    private static string WriteToken(long revision, string after) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{revision}:{after}"));

    private static (long Revision, string After) ReadToken(string token)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(token));
            var at = text.IndexOf(':', StringComparison.Ordinal);
            return (long.Parse(text[..at]), text[(at + 1)..]);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw ApiException.BadRequest("continue key is not valid");
        }
    }
}
