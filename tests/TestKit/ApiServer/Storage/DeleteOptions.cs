using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The part of <c>DeleteOptions</c> that changes what happens.</summary>
internal sealed record DeleteOptions
{
    public long? GracePeriodSeconds { get; init; }

    public string? PropagationPolicy { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    public bool DryRun { get; init; }

    public static DeleteOptions Parse(JsonObject? body, Func<string, string?> query) => new()
    {
        GracePeriodSeconds = body.Integer("gracePeriodSeconds")
            ?? (long.TryParse(query("gracePeriodSeconds"), out var seconds) ? seconds : null),
        PropagationPolicy = body.Text("propagationPolicy") ?? query("propagationPolicy")
            ?? (body.Flag("orphanDependents") ? "Orphan" : null),
        Uid = body.Text("preconditions", "uid"),
        ResourceVersion = body.Text("preconditions", "resourceVersion"),
        DryRun = query("dryRun") == "All" || body.At("dryRun") is JsonArray { Count: > 0 },
    };
}
