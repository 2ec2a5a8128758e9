using System.Text.Json;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>Where the webhooks answer, under paths that only the API server knows. Whoever leads does not matter here: every replica answers.</summary>
internal static class AdmissionEndpoints
{
    public const string Prefix = "/admission";
    public const string Mutate = "mutate";
    public const string Validate = "validate";

    /// <summary>An update carries the object twice, and an object is at most some 1.5 MiB (3 MiB as a request).</summary>
    private const int LargestReview = 8 * 1024 * 1024;

    public static IEndpointRouteBuilder MapAdmission(this IEndpointRouteBuilder endpoints)
    {
        var validator = endpoints.ServiceProvider.GetRequiredService<AdmissionValidator>();
        var mutator = endpoints.ServiceProvider.GetRequiredService<AdmissionMutator>();
        var tokens = endpoints.ServiceProvider.GetRequiredService<CallTokenStore>();
        foreach (var operation in (string[])["create", "update"])
        {
            endpoints.MapPost($"{Prefix}/{Mutate}/{operation}/{{token}}", (RequestDelegate)(context => AnswerAsync(context, tokens, Mutate, operation, mutator.AnswerAsync)));
            endpoints.MapPost($"{Prefix}/{Validate}/{operation}/{{token}}", (RequestDelegate)(context => AnswerAsync(context, tokens, Validate, operation, validator.AnswerAsync)));
        }

        return endpoints;
    }

    private static async Task AnswerAsync(
        HttpContext context, CallTokenStore tokens, string kind, string operation, Func<AdmissionQuestion, CancellationToken, Task<AdmissionAnswer>> answer)
    {
        // What is said in plain text on the port of the metrics was not said by the API server, nor what is said by someone who does not know where.
        if (!context.Request.IsHttps || tokens.Current?.Holds(kind, operation, context.Request.RouteValues["token"] as string ?? "") is not true)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = LargestReview;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        AdmissionAnswer answered;
        if (Read(bytes)?.Request is { } question)
        {
            if (!string.Equals(question.Operation, operation, StringComparison.OrdinalIgnoreCase))
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            answered = await answer(question, context.RequestAborted);
        }
        else if (TooDeep(bytes) is { } refusal)
        {
            answered = refusal;
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, new AdmissionReview { Response = answered }, AdmissionJson.Default.AdmissionReview, context.RequestAborted);
    }

    private static AdmissionReview? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, AdmissionJson.Default.AdmissionReview);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A review that is fine but for the depth of what it is about: stored, that object could never be read again. Null for what is no review.</summary>
    private static AdmissionAnswer? TooDeep(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, ApiJson.Deep);
            var uid = document.RootElement.GetProperty("request").GetProperty("uid").GetString()!;
            return new AdmissionAnswer
            {
                Uid = uid,
                Allowed = false,
                Status = new AdmissionStatus
                {
                    Code = StatusCodes.Status422UnprocessableEntity,
                    Reason = "Invalid",
                    Message = $"the object cannot be read: it may be nested {ReviewDepth.OfObject} levels deep at most. Write it flatter, as the CRD says.",
                },
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
