using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>Tells the API server which authority to trust, in both webhook configurations, and touches nothing else of them.</summary>
internal sealed class CaBundleWriter(IClusterClient client, AdmissionSettings settings)
{
    private static readonly ResourceType[] Kinds =
    [
        new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", Namespaced: false),
        new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", Namespaced: false),
    ];

    /// <summary>Done when both configurations name the bundle.</summary>
    /// <exception cref="ClusterException">Among others NotFound, where a configuration is not installed.</exception>
    public async Task WriteAsync(string bundle, CancellationToken cancellation)
    {
        var wanted = Convert.ToBase64String(Encoding.ASCII.GetBytes(bundle));
        var key = new ObjectKey("", settings.Webhooks);
        foreach (var kind in Kinds)
        {
            var configuration = await client.GetAsync(kind, key, cancellation);
            var change = new JsonPatch();
            var webhooks = configuration["webhooks"] as JsonArray ?? [];
            for (var index = 0; index < webhooks.Count; index++)
            {
                var webhook = webhooks[index]!;
                if (webhook["clientConfig"]?["caBundle"]?.GetValue<string>() != wanted)
                {
                    // The list may have been changed since; the name says that it is still the same webhook.
                    change
                        .Test(["webhooks", $"{index}", "name"], webhook["name"]?.GetValue<string>())
                        .Add(["webhooks", $"{index}", "clientConfig", "caBundle"], wanted);
                }
            }

            if (!change.IsEmpty)
            {
                await client.JsonPatchAsync(kind, key, change, cancellation, fieldManager: "patch-operator");
            }
        }
    }
}
