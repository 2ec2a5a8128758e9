using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.TestKit.ApiServer;

internal static class RequestBody
{
    public static async Task<JsonNode?> ReadAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        var bytes = buffer.ToArray();
        if (ProtobufReader.IsProtobuf(bytes))
        {
            return ProtobufReader.Read(bytes);
        }

        var text = Encoding.UTF8.GetString(bytes);
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
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
