using System.Text.Json;

namespace PatchOperator.Runtime;

/// <summary>Reads a list page by page. Every page comes from the same version of the collection.</summary>
internal static class ObjectList
{
    private const int MostRestarts = 3;

    /// <param name="get">Sends one request.</param>
    /// <param name="type">The kind.</param>
    /// <param name="ns">Null for all namespaces.</param>
    /// <param name="selector">Null for everything.</param>
    /// <param name="pageSize">Objects per request.</param>
    /// <param name="restart">Called when the continue token expired and the list begins anew: forget what was received.</param>
    /// <param name="onItem">Called for each object; the element is valid during the call only.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <returns>The collection's resourceVersion, where a watch can begin.</returns>
    public static async Task<string> ReadAsync(
        Func<ApiRequest, CancellationToken, Task<JsonDocument>> get, ResourceType type, string? ns, Selector? selector, int pageSize,
        Action restart, Action<JsonElement> onItem, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            string? token = null;
            try
            {
                while (true)
                {
                    var request = new ApiRequest(HttpMethod.Get, "list", type, type.CollectionPath(ns))
                    {
                        Query = [("labelSelector", selector?.Labels), ("fieldSelector", selector?.Fields), ("limit", $"{pageSize}"), ("continue", token)],
                    };
                    using var page = await get(request, cancellation);
                    if (page.RootElement.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array)
                    {
                        foreach (var item in items.EnumerateArray())
                        {
                            onItem(item);
                        }
                    }

                    var metadata = page.RootElement.GetProperty("metadata");
                    token = metadata.TryGetProperty("continue", out var next) ? next.GetString() : null;
                    if (string.IsNullOrEmpty(token))
                    {
                        return metadata.TryGetProperty("resourceVersion", out var version) ? version.GetString() ?? "" : "";
                    }
                }
            }
            catch (ClusterException exception) when (exception.Kind == ApiErrorKind.Gone && token is not null && attempt < MostRestarts)
            {
                // Listing took longer than the server keeps old versions.
                restart();
            }
        }
    }
}
