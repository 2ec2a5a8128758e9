using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>A finished answer, or a watch that is still to be streamed.</summary>
internal sealed record ApiResponse(int Code, ReadOnlyMemory<byte> Body, string ContentType = "application/json")
{
    public int? RetryAfterSeconds { get; init; }

    public WatchStream? Watch { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static ApiResponse Json(JsonNode body, int code = 200) => new(code, Encoding.UTF8.GetBytes(body.Compact()));

    public static ApiResponse Text(string body) => new(200, Encoding.UTF8.GetBytes(body), "text/plain; charset=utf-8");

    public static ApiResponse Error(ApiException error) =>
        Json(error.ToStatus(), error.Code) with { RetryAfterSeconds = error.RetryAfterSeconds };
}
