using System.Text.Json;

namespace PatchOperator.Runtime;

/// <summary>Turns an HTTP answer, a Status object or a failure of the transport into an <see cref="ApiError"/>. No I/O.</summary>
internal static class ApiErrors
{
    private const int LongestMessage = 2000;

    /// <summary>A load balancer's guess or a clock that is off must not make us blind for longer, nor have us back at once: the header counts whole seconds.</summary>
    private static readonly (TimeSpan Least, TimeSpan Most) Pause = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    public static ApiError FromResponse(int statusCode, ReadOnlyMemory<byte> body, TimeSpan? retryAfterHeader)
    {
        var status = Parse(body);
        if (status is null)
        {
            var text = System.Text.Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, LongestMessage)]).Trim();
            return Classify(statusCode, null, text.Length > 0 ? text : $"HTTP {statusCode}", [], retryAfterHeader);
        }

        using (status)
        {
            return FromStatus(status.RootElement, statusCode, retryAfterHeader);
        }
    }

    /// <summary>A Status object, also as it arrives inside a watch stream: <c>{"kind":"Status","code":410,"reason":"Expired",…}</c>.</summary>
    public static ApiError FromStatus(JsonElement status, int? statusCode = null, TimeSpan? retryAfterHeader = null)
    {
        var code = statusCode ?? (status.TryGetProperty("code", out var value) && value.TryGetInt32(out var number) ? number : 0);
        var retryAfter = retryAfterHeader;
        List<ApiErrorCause> causes = [];
        if (status.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object)
        {
            if (retryAfter is null && details.TryGetProperty("retryAfterSeconds", out var seconds) && seconds.TryGetInt32(out var wait) && wait > 0)
            {
                retryAfter = TimeSpan.FromSeconds(wait);
            }

            if (details.TryGetProperty("causes", out var list) && list.ValueKind == JsonValueKind.Array)
            {
                causes.AddRange(list.EnumerateArray().Select(cause => new ApiErrorCause(Text(cause, "field"), Text(cause, "reason"), Text(cause, "message"))));
            }
        }

        var message = Text(status, "message");
        return Classify(code, Text(status, "reason"), message.Length > 0 ? message : $"HTTP {code}", causes, retryAfter);
    }

    public static ApiError FromTransport(Exception exception) => exception switch
    {
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
        } =>
            new ApiError { Kind = ApiErrorKind.Unavailable, Message = Innermost(exception), TookNoEffect = true },
        HttpRequestException or IOException => new ApiError { Kind = ApiErrorKind.Unavailable, Message = Innermost(exception) },
        JsonException => new ApiError { Kind = ApiErrorKind.Unavailable, Message = $"The answer is not JSON: {exception.Message}" },
        _ => new ApiError { Kind = ApiErrorKind.Other, Message = exception.Message },
    };

    public static ApiError TimedOut(TimeSpan limit) =>
        new() { Kind = ApiErrorKind.Timeout, Message = $"No answer within {limit.TotalSeconds:0.#} s" };

    private static ApiError Classify(int code, string? reason, string message, IReadOnlyList<ApiErrorCause> causes, TimeSpan? retryAfter) => new()
    {
        Kind = (code, reason) switch
        {
            (404, _) => ApiErrorKind.NotFound,
            (409, "AlreadyExists") => ApiErrorKind.AlreadyExists,
            (409, _) => ApiErrorKind.Conflict,
            (410, _) or (_, "Expired" or "Gone") => ApiErrorKind.Gone,
            (400 or 405 or 406 or 413 or 415 or 422, _) => ApiErrorKind.Invalid,
            (401, _) => ApiErrorKind.Unauthorized,
            (403, _) => ApiErrorKind.Forbidden,
            (429, _) => ApiErrorKind.Throttled,
            // A 503 that names a time is the API server shedding load, not an outage.
            (503, _) when retryAfter is not null => ApiErrorKind.Throttled,
            (408 or 504, _) or (500, "Timeout" or "ServerTimeout") => ApiErrorKind.Timeout,
            ( >= 500, _) => ApiErrorKind.Unavailable,
            _ => ApiErrorKind.Other,
        },
        StatusCode = code == 0 ? null : code,
        Reason = string.IsNullOrEmpty(reason) ? null : reason,
        Message = message.Length > LongestMessage ? message[..LongestMessage] : message,
        Causes = causes,
        RetryAfter = retryAfter < Pause.Least ? null : retryAfter > Pause.Most ? Pause.Most : retryAfter,
        TookNoEffect = code is 429 || (code is 503 && retryAfter is not null),
    };

    private static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var document = JsonDocument.Parse(body, ApiJson.Deep);
            if (document.RootElement.ValueKind == JsonValueKind.Object && Text(document.RootElement, "kind") == "Status")
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // A proxy's HTML page; its text is the message.
        }

        return null;
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    private static string Innermost(Exception exception) => exception.GetBaseException().Message;
}
