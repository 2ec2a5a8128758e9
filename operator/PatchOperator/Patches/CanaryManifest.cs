using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>A canary Deployment, made from stable's own template.</summary>
internal static class CanaryManifest
{
    /// <param name="patch">The owner.</param>
    /// <param name="stable">The user's Deployment as the API server gave it, every field of it.</param>
    /// <param name="action">What is wanted.</param>
    public static JsonObject Of(EmergencyPatch patch, JsonObject stable, EnsureCanary action)
    {
        var spec = stable["spec"]!.AsObject();
        var template = spec["template"]!.DeepClone().AsObject();
        var metadata = Child(template, "metadata");
        metadata.Remove("creationTimestamp");
        var identity = Identity(patch);
        foreach (var (key, value) in identity)
        {
            Child(metadata, "labels")[key] = value;
        }

        Child(metadata, "annotations")[Annotations.CanarySource] = action.Source;
        foreach (var container in template["spec"]!["containers"]!.AsArray())
        {
            if (action.Images.FirstOrDefault(i => i.Container == container!["name"]!.GetValue<string>()) is { } patched)
            {
                container!["image"] = patched.Image;
            }
        }

        var canary = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject
            {
                ["name"] = action.Deployment + Names.CanarySuffix,
                ["namespace"] = patch.Metadata.Namespace,

                // Stable's own labels are left out: Argo CD or Helm would take the canary for theirs.
                ["labels"] = With(ToJson(identity), Labels.ManagedBy, Names.FieldManager),
                ["annotations"] = new JsonObject { [Annotations.Patch] = patch.Metadata.Name, [Annotations.CanarySource] = action.Source },
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = Names.ApiVersion,
                    ["kind"] = Names.EmergencyPatchKind,
                    ["name"] = patch.Metadata.Name,
                    ["uid"] = patch.Metadata.Uid,
                    ["controller"] = true,
                }),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = action.Replicas,
                ["revisionHistoryLimit"] = 1,
                ["selector"] = new JsonObject { ["matchLabels"] = ToJson(identity) },
                ["template"] = template,
            },
        };
        foreach (var kept in (string[])["minReadySeconds", "strategy"])
        {
            if (spec[kept] is { } value)
            {
                canary["spec"]![kept] = value.DeepClone();
            }
        }

        return canary;
    }

    /// <summary>By these labels, and no others, the canary knows its pods; they cannot match a pod of stable.</summary>
    private static Dictionary<string, string> Identity(EmergencyPatch patch) => new()
    {
        [Labels.Track] = Labels.TrackCanary,
        [Labels.PatchUid] = patch.Metadata.Uid,
    };

    private static JsonObject ToJson(Dictionary<string, string> map) => new(map.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)JsonValue.Create(m.Value))));

    private static JsonObject With(JsonObject json, string key, string value)
    {
        json[key] = value;
        return json;
    }

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }
}
