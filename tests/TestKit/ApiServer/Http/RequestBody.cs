using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

internal static class RequestBody
{
    public static async Task<JsonNode?> ReadAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var text = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (request.ContentType?.Contains("protobuf", StringComparison.Ordinal) == true || request.ContentType?.Contains("cbor", StringComparison.Ordinal) == true)
        {
            throw ApiException.UnsupportedMediaType($"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml");
        }

        try
        {
            return request.ContentType?.Contains("yaml", StringComparison.Ordinal) == true && text.TrimStart()[0] is not '{'
                ? (YamlReader.ReadAll(text) is [var first, ..] ? first : null)
                : JsonNode.Parse(text);
        }
        catch (Exception e) when (e is JsonException or YamlDotNet.Core.YamlException)
        {
            throw ApiException.BadRequest($"the object provided is unrecognized: {e.Message}");
        }
    }
}
