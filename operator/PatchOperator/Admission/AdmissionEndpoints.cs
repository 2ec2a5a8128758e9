using System.Text.Json;

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

        AdmissionReview? review = null;
        try
        {
            if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = LargestReview;
            }

            review = await JsonSerializer.DeserializeAsync(context.Request.Body, AdmissionJson.Default.AdmissionReview, context.RequestAborted);
        }
        catch (JsonException)
        {
            // Answered below.
        }

        if (review?.Request is not { } question || !string.Equals(question.Operation, operation, StringComparison.OrdinalIgnoreCase))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var answered = new AdmissionReview { Response = await answer(question, context.RequestAborted) };
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answered, AdmissionJson.Default.AdmissionReview, context.RequestAborted);
    }
}
