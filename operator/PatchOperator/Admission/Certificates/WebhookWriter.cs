using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>Tells the API server in both webhook configurations where to call, and which authority to trust; it touches nothing else of them.</summary>
internal sealed class WebhookWriter(IClusterClient client, AdmissionSettings settings)
{
    private static readonly (string Webhook, ResourceType Type)[] Kinds =
    [
        (AdmissionEndpoints.Mutate, new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Namespaced: false)),
        (AdmissionEndpoints.Validate, new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", Namespaced: false)),
    ];

    /// <summary>Done when both configurations say so.</summary>
    /// <param name="bundle">Null where somebody else writes it.</param>
    /// <param name="token">Makes the paths.</param>
    /// <param name="cancellation">As ever.</param>
    /// <exception cref="ClusterException">Among others NotFound, where a configuration is not installed.</exception>
    public async Task WriteAsync(string? bundle, CallToken token, CancellationToken cancellation)
    {
        var authorities = bundle is null ? null : Convert.ToBase64String(Encoding.ASCII.GetBytes(bundle));
        var key = new ObjectKey("", settings.Webhooks);
        foreach (var (kind, type) in Kinds)
        {
            var configuration = await client.GetAsync(type, key, cancellation);
            var change = new JsonPatch();
            var webhooks = configuration["webhooks"] as JsonArray ?? [];
            for (var index = 0; index < webhooks.Count; index++)
            {
                var webhook = webhooks[index]!;
                var name = webhook["name"]?.GetValue<string>() ?? "";
                var (access, path) = (webhook["clientConfig"], token.PathOf(kind, name.Split('.')[0]));
                var isTrusted = authorities is null || access?["caBundle"]?.GetValue<string>() == authorities;
                if (isTrusted && access?["service"]?["path"]?.GetValue<string>() == path)
                {
                    continue;
                }

                // The list may have been changed since; the name says that it is still the same webhook.
                change.Test(["webhooks", $"{index}", "name"], name).Add(["webhooks", $"{index}", "clientConfig", "service", "path"], path);
                if (!isTrusted)
                {
                    change.Add(["webhooks", $"{index}", "clientConfig", "caBundle"], authorities);
                }
            }

            if (!change.IsEmpty)
            {
                await client.JsonPatchAsync(type, key, change, cancellation, fieldManager: Names.FieldManager);
            }
        }
    }
}
