using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.Controllers;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>
/// Asks the webhooks that are configured in the cluster, in order of configuration name, as the API server does. matchConditions and reinvocation are not known here.
/// </summary>
internal sealed class WebhookChain(VersionedStore store, WebhookCaller caller)
{
    private static readonly ResourceName Mutating = new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations");
    private static readonly ResourceName Validating = new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations");

    public bool Applies(AdmissionCall call) =>
        (store.List(Mutating, null).Count > 0 || store.List(Validating, null).Count > 0)
        && (Matching(Mutating, call, null).Any() || Matching(Validating, call, null).Any());

    public async Task<JsonObject> MutateAsync(AdmissionCall call, JsonObject obj, JsonObject? old, CancellationToken cancellation)
    {
        foreach (var webhook in Matching(Mutating, call, obj))
        {
            if (await AskAsync(webhook, call, obj, old, cancellation) is { } answer && answer.Text("patch") is { } patch)
            {
                obj = JsonPatch.Apply(obj, JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(patch)))!.AsArray());
            }
        }

        return obj;
    }

    public async Task ValidateAsync(AdmissionCall call, JsonObject obj, JsonObject? old, CancellationToken cancellation)
    {
        foreach (var webhook in Matching(Validating, call, obj))
        {
            await AskAsync(webhook, call, obj, old, cancellation);
        }
    }

    private IEnumerable<JsonObject> Matching(ResourceName configurations, AdmissionCall call, JsonObject? obj) =>
        from configuration in store.List(configurations, null)
        from webhook in configuration.Value.Objects("webhooks")
        where webhook.Objects("rules").Any(rule => Covers(rule, call))
            && Selects(webhook["namespaceSelector"], store.Find(BuiltInKinds.Namespaces, "", call.Target.Namespace)?.Value.At("metadata", "labels") as JsonObject)
            && (obj is null || Selects(webhook["objectSelector"], obj.At("metadata", "labels") as JsonObject))
        select webhook;

    private static bool Covers(JsonObject rule, AdmissionCall call)
    {
        var plural = call.Target.Subresource.Length > 0 ? $"{call.Kind.Resource.Plural}/{call.Target.Subresource}" : call.Kind.Resource.Plural;
        return Lists(rule["operations"], call.Operation) && Lists(rule["apiGroups"], call.Kind.Resource.Group)
            && Lists(rule["apiVersions"], call.Kind.Resource.Version) && Lists(rule["resources"], plural);
    }

    private static bool Lists(JsonNode? list, string value) => (list as JsonArray ?? []).Select(item => item.Text()).Any(item => item == value || item == "*");

    /// <summary>An empty selector selects everything here.</summary>
    private static bool Selects(JsonNode? selector, JsonObject? labels) => selector is not JsonObject { Count: > 0 } || LabelSelector.Matches(selector, labels);

    private async Task<JsonObject?> AskAsync(JsonObject webhook, AdmissionCall call, JsonObject obj, JsonObject? old, CancellationToken cancellation)
    {
        var name = webhook.Text("name");
        if (call.DryRun && webhook.Text("sideEffects") is not ("None" or "NoneOnDryRun"))
        {
            throw ApiException.BadRequest($"admission webhook \"{name}\" does not support dry run");
        }

        JsonObject answer;
        try
        {
            answer = await caller.AskAsync(webhook, call.Review(obj, old), cancellation);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException or FormatException && !cancellation.IsCancellationRequested)
        {
            return webhook.Text("failurePolicy") == "Ignore"
                ? null
                : throw new ApiException(500, "InternalError", $"Internal error occurred: failed calling webhook \"{name}\": failed to call webhook: {exception.Message} {exception.InnerException?.Message}");
        }

        call.Warnings.AddRange((answer["warnings"] as JsonArray ?? []).Select(w => w.Text() ?? ""));
        if (answer.Flag("allowed"))
        {
            return answer;
        }

        var status = answer["status"] as JsonObject;
        throw new ApiException((int)(status.Integer("code") ?? 403), status.Text("reason") ?? "Forbidden", $"admission webhook \"{name}\" denied the request: {status.Text("message") ?? "no reason given"}")
        {
            Details = (status?["details"] as JsonObject)?.Copy(),
        };
    }
}
