using System.Text;
using System.Text.Json;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Analysis;

/// <summary>Whether an answer to a probe is good. The reason why not names what was expected and never shows what was answered: a body may hold anything.</summary>
public sealed class ProbeExpectation
{
    private readonly IReadOnlyList<int> statuses;
    private readonly byte[]? text;
    private readonly IReadOnlyList<(string Text, JsonPath Path, string? EqualTo)> json;
    private readonly bool noGraphQLErrors;
    private readonly TimeSpan? maxLatency;

    /// <param name="expect">One that has passed validation.</param>
    public ProbeExpectation(ProbeExpectSpec? expect)
    {
        statuses = expect?.Status is { Count: > 0 } given ? given : [200];
        text = expect?.Text is { } wanted ? Encoding.UTF8.GetBytes(wanted) : null;
        json = [.. (expect?.Json ?? []).Select(each => (each.Path!, JsonPath.TryParse(each.Path!, out var path, out var error) ? path : throw new ArgumentException(error), each.EqualTo))];
        noGraphQLErrors = expect?.NoGraphQLErrors ?? false;
        maxLatency = expect?.MaxLatency is { } limit && limit.TryGetValue(out var longest) ? longest : null;
    }

    /// <summary>Why the answer is not good, or null.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The whole body.</param>
    /// <param name="elapsed">Time from the request to the end of the answer.</param>
    public string? Failure(int status, ReadOnlyMemory<byte> body, TimeSpan elapsed)
    {
        if (!statuses.Contains(status))
        {
            return $"status {status} where {string.Join(" or ", statuses)} was expected";
        }

        if (text is not null && body.Span.IndexOf(text) < 0)
        {
            return "the expected text is not in the answer";
        }

        if ((json.Count > 0 || noGraphQLErrors) && JsonFailure(body) is { } failure)
        {
            return failure;
        }

        return elapsed > maxLatency ? $"slower than {Duration.Format(maxLatency.Value)}" : null;
    }

    private string? JsonFailure(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (noGraphQLErrors && HasErrors(document.RootElement))
            {
                return "GraphQL errors in the answer";
            }

            foreach (var (name, path, wanted) in json)
            {
                if (path.Find(document.RootElement) is not { ValueKind: not JsonValueKind.Null } found)
                {
                    return $"nothing at {name}";
                }

                if (wanted is not null && !IsEqual(found, wanted))
                {
                    return $"another value at {name} than expected";
                }
            }

            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Text that is not Unicode shows only when it is looked at, and then as the latter.
            return "the answer is not JSON";
        }
    }

    /// <summary>Whatever is no GraphQL answer at all counts as one with errors.</summary>
    private static bool HasErrors(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return true;
        }

        return root.TryGetProperty("errors", out var errors) && errors.ValueKind switch
        {
            JsonValueKind.Null => false,
            JsonValueKind.Array => errors.GetArrayLength() > 0,
            _ => true,
        };
    }

    private static bool IsEqual(JsonElement found, string wanted) =>
        found.ValueKind == JsonValueKind.String ? found.ValueEquals(wanted) : found.GetRawText() == wanted;
}
