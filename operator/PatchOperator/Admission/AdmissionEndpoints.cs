using System.Text.Json;

namespace PatchOperator.Admission;

/// <summary>The webhooks' two addresses. Whoever leads does not matter here: every replica answers.</summary>
internal static class AdmissionEndpoints
{
    public const string Mutate = "/admission/mutate";
    public const string Validate = "/admission/validate";

    /// <summary>An update carries the object twice, and an object is at most some 1.5 MiB (3 MiB as a request).</summary>
    private const int LargestReview = 8 * 1024 * 1024;

    public static IEndpointRouteBuilder MapAdmission(this IEndpointRouteBuilder endpoints)
    {
        var validator = endpoints.ServiceProvider.GetRequiredService<AdmissionValidator>();
        var mutator = endpoints.ServiceProvider.GetRequiredService<AdmissionMutator>();
        endpoints.MapPost(Mutate, (RequestDelegate)(context => AnswerAsync(context, mutator.AnswerAsync)));
        endpoints.MapPost(Validate, (RequestDelegate)(context => AnswerAsync(context, validator.AnswerAsync)));
        return endpoints;
    }

    private static async Task AnswerAsync(HttpContext context, Func<AdmissionQuestion, CancellationToken, Task<AdmissionAnswer>> answer)
    {
        // What is said in plain text on the port of the metrics was not said by the API server.
        if (!context.Request.IsHttps)
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

        if (review?.Request is not { } question)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var answered = new AdmissionReview { Response = await answer(question, context.RequestAborted) };
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, answered, AdmissionJson.Default.AdmissionReview, context.RequestAborted);
    }
}
