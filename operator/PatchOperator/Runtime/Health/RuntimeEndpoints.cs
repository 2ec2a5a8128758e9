using Prometheus;

namespace PatchOperator.Runtime;

public static class RuntimeEndpoints
{
    /// <summary><c>/healthz</c>, <c>/readyz</c> (503 with one problem a line) and <c>/metrics</c>.</summary>
    public static IEndpointRouteBuilder MapRuntimeEndpoints(this IEndpointRouteBuilder endpoints)
    {
        var health = endpoints.ServiceProvider.GetRequiredService<RuntimeHealth>();
        endpoints.MapGet("/healthz", (RequestDelegate)(context => AnswerAsync(context, health.LivenessProblems)));
        endpoints.MapGet("/readyz", (RequestDelegate)(context => AnswerAsync(context, health.ReadinessProblems)));
        endpoints.MapMetrics("/metrics", endpoints.ServiceProvider.GetRequiredService<RuntimeMetrics>().Registry);
        return endpoints;
    }

    private static Task AnswerAsync(HttpContext context, IReadOnlyList<string> problems)
    {
        context.Response.StatusCode = problems.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problems.Count == 0 ? "ok\n" : string.Join('\n', problems) + "\n", context.RequestAborted);
    }
}
