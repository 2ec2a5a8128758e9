using System.Globalization;
using System.Net;
using System.Text.Json;

namespace PatchOperator.Metrics;

/// <summary>What Prometheus' answer to an instant query means: one number, nothing, or an error that is classified here and nowhere else.</summary>
/// <remarks>Format: "HTTP API", https://prometheus.io/docs/prometheus/latest/querying/api/.</remarks>
internal abstract record PrometheusAnswer
{
    private PrometheusAnswer()
    {
    }

    /// <param name="Number">May be NaN or infinite: that is for the assessor to refuse.</param>
    /// <param name="EvaluatedAt">Unix seconds by Prometheus' own clock, in its own spelling, to ask for the same moment again.</param>
    public sealed record Value(double Number, string EvaluatedAt) : PrometheusAnswer;

    public sealed record Empty : PrometheusAnswer;

    /// <param name="Message">What went wrong, without the address.</param>
    /// <param name="Terminal">Whether the user must change something before it can work.</param>
    /// <param name="Retry">Whether the same request may work a moment later.</param>
    /// <param name="RefusedCredentials">Whether other credentials are wanted, such as rotated ones.</param>
    public sealed record Error(string Message, bool Terminal, bool Retry = false, bool RefusedCredentials = false) : PrometheusAnswer;

    public static PrometheusAnswer Parse(HttpStatusCode status, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object && Text(root, "status") is { } state)
            {
                return state == "success" && status == HttpStatusCode.OK ? Success(root) : Refusal(status, root);
            }
        }
        catch (InvalidOperationException)
        {
            // Text that is no UTF-8, or half of a surrogate pair, shows only when it is looked at.
            return new Error("sent an answer with text that is not Unicode", status != HttpStatusCode.OK && IsTerminal(status), Retry: status != HttpStatusCode.OK && !IsTerminal(status));
        }
        catch (JsonException)
        {
            // Handled below: an answer that is not Prometheus' is usually a proxy's, and its status says more than its body.
        }

        return IsCutShort(status, body.Span)
            ? new Error("sent an answer that ends too early", Terminal: false, Retry: true)
            : NotPrometheus(status);
    }

    /// <summary>Something that begins as Prometheus' answers do and is no JSON; whatever else answers would need another address.</summary>
    private static bool IsCutShort(HttpStatusCode status, ReadOnlySpan<byte> body) =>
        status == HttpStatusCode.OK && body.TrimStart((byte)' ').StartsWith("{\"status\":"u8);

    private static PrometheusAnswer Success(JsonElement root)
    {
        // Partial answers (a Thanos store that is down, a mix of sample types) come as success with warnings: part of the failures is no count.
        if (root.TryGetProperty("warnings", out var warnings) && warnings.ValueKind == JsonValueKind.Array && warnings.GetArrayLength() > 0)
        {
            return new Error($"answered with warnings, so the numbers may be partial: {string.Join("; ", warnings.EnumerateArray().Select(warning => warning.ToString()))}", Terminal: false);
        }

        if (!root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Array)
        {
            return new Error("answered without a result", Terminal: false);
        }

        return Text(data, "resultType") switch
        {
            "vector" => Vector(result),
            "scalar" => Sample(result),
            "matrix" => new Error("the query returns a range of samples: remove the range selector or wrap it, as in sum(increase(x[{{ window }}]))", Terminal: true),
            "string" => new Error("the query returns a string: it must return one number", Terminal: true),
            var other => new Error($"answered with the unknown result type '{other}'", Terminal: false),
        };
    }

    private static PrometheusAnswer Vector(JsonElement result)
    {
        var count = result.GetArrayLength();
        if (count == 0)
        {
            return new Empty();
        }

        if (count > 1)
        {
            return new Error($"the query returns {count} series and one number is needed: wrap it in sum()", Terminal: true);
        }

        return result[0].ValueKind == JsonValueKind.Object && result[0].TryGetProperty("value", out var value)
            ? Sample(value)
            : new Error("the query returns a native histogram: take a number from it, as in histogram_count()", Terminal: true);
    }

    private static PrometheusAnswer Sample(JsonElement sample)
    {
        if (sample.ValueKind != JsonValueKind.Array || sample.GetArrayLength() != 2 || sample[1].ValueKind != JsonValueKind.String || sample[0].ValueKind != JsonValueKind.Number)
        {
            return new Error("answered with a sample that cannot be read", Terminal: false);
        }

        var text = sample[1].GetString()!;
        return text switch
        {
            "+Inf" or "Inf" => new Value(double.PositiveInfinity, sample[0].GetRawText()),
            "-Inf" => new Value(double.NegativeInfinity, sample[0].GetRawText()),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => new Value(number, sample[0].GetRawText()),
            _ => new Error($"answered '{text}' where a number belongs", Terminal: false),
        };
    }

    private static Error Refusal(HttpStatusCode status, JsonElement root)
    {
        var kind = Text(root, "errorType") ?? "error";
        var message = Text(root, "error") ?? "no reason given";

        // bad_data is a query that cannot be parsed, execution one that cannot be evaluated; timeout, canceled, internal and unavailable pass.
        var terminal = kind is "bad_data" or "execution" || IsTerminal(status);
        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            return new Error($"refused the credentials (HTTP {(int)status}): {message}", Terminal: true, RefusedCredentials: true);
        }

        return new Error(terminal ? $"rejected the query ({kind}): {message}" : $"could not answer ({kind}, HTTP {(int)status}): {message}", terminal, Retry: !terminal);
    }

    private static Error NotPrometheus(HttpStatusCode status) => status switch
    {
        HttpStatusCode.OK => new Error("did not answer like Prometheus (no JSON with a status): check the address and its path prefix", Terminal: true),
        HttpStatusCode.NotFound => new Error("has no /api/v1/query here (HTTP 404): check the address and its path prefix", Terminal: true),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Error($"refused the credentials (HTTP {(int)status})", Terminal: true, RefusedCredentials: true),
        _ when (int)status is >= 300 and < 400 => new Error($"redirects elsewhere (HTTP {(int)status}), which is never followed: write the address that it leads to", Terminal: true),
        _ => new Error($"answered HTTP {(int)status}", IsTerminal(status), Retry: !IsTerminal(status)),
    };

    private static bool IsTerminal(HttpStatusCode status) =>
        (int)status is >= 300 and < 500 && status is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests);

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
