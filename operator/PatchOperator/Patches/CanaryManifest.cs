using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>A canary Deployment, made from stable's own template.</summary>
internal static class CanaryManifest
{
    /// <summary>Fields of the spec, besides the template, that it takes from stable.</summary>
    public static readonly IReadOnlyList<string> KeptOfStable = ["minReadySeconds", "strategy"];

    /// <param name="patch">The owner.</param>
    /// <param name="stable">The user's Deployment as the API server gave it, every field of it.</param>
    /// <param name="action">What is wanted.</param>
    /// <param name="serviceSelectors">Selectors of the Services in the namespace.</param>
    public static JsonObject Of(EmergencyPatch patch, JsonObject stable, EnsureCanary action, IReadOnlyCollection<IReadOnlyDictionary<string, string>> serviceSelectors)
    {
        var spec = stable["spec"]!.AsObject();
        var identity = Identity(patch, action.Name);
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
                ["ownerReferences"] = CanaryOwner.References(patch, action.Name, stable),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = action.Replicas,
                ["revisionHistoryLimit"] = 1,
                ["paused"] = false,
                ["selector"] = new JsonObject { ["matchLabels"] = ToJson(identity) },
                ["template"] = Template(spec, action, identity, serviceSelectors),
            },
        };
        foreach (var kept in KeptOfStable)
        {
            if (spec[kept] is { } value)
            {
                canary["spec"]![kept] = value.DeepClone();
            }
        }

        return canary;
    }

    private static JsonObject Template(
        JsonObject stable, EnsureCanary action, Dictionary<string, string> identity, IReadOnlyCollection<IReadOnlyDictionary<string, string>> serviceSelectors)
    {
        var template = stable["template"]!.DeepClone().AsObject();
        var metadata = template.Child("metadata");
        metadata.Remove("creationTimestamp");
        var labels = metadata.Child("labels");
        foreach (var (key, value) in CanaryLabels.Apart(ToMap(labels), Selected(stable["selector"], ToMap(labels)), serviceSelectors, action.IsRouted))
        {
            labels[key] = value;
        }

        foreach (var (key, value) in identity)
        {
            labels[key] = value;
        }

        metadata.Child("annotations")[Annotations.CanarySource] = action.Source;
        foreach (var container in PodContainers.Of(template["spec"]))
        {
            if (action.Images.FirstOrDefault(i => i.Container == container["name"]!.GetValue<string>()) is { } patched)
            {
                container["image"] = patched.Image;
            }
        }

        Duplicates.Collapse(template["spec"]!.AsObject());
        CanaryOverlays.Lay(template["spec"]!.AsObject(), action);
        if (action.IsGated)
        {
            var own = template["spec"]!["readinessGates"] as JsonArray ?? [];
            template["spec"]!["readinessGates"] = new JsonArray([.. own.Select(g => g?.DeepClone()), new JsonObject { ["conditionType"] = PodFacts.Gate }]);
        }

        return template;
    }

    /// <summary>The labels by which the Deployment selects and of which another value would not be selected. Of <c>Exists</c> and its like there is none.</summary>
    private static Dictionary<string, string> Selected(JsonNode? selector, Dictionary<string, string> labels)
    {
        var selected = ToMap(selector?["matchLabels"]);
        foreach (var expression in (selector?["matchExpressions"] as JsonArray ?? []).Where(e => e?["operator"]?.GetValue<string>() is "In"))
        {
            var key = expression!["key"]!.GetValue<string>();
            var values = expression["values"]!.AsArray().Select(v => v!.GetValue<string>());
            if (labels.TryGetValue(key, out var value) && !values.Contains(CanaryLabels.Other(value), StringComparer.Ordinal))
            {
                selected.TryAdd(key, value);
            }
        }

        return selected;
    }

    /// <summary>By these labels, and no others, the canary knows its pods; they cannot match a pod of stable or of another canary.</summary>
    private static Dictionary<string, string> Identity(EmergencyPatch patch, string workload) => new()
    {
        [Labels.Track] = Labels.TrackCanary,
        [Labels.PatchUid] = patch.Metadata.Uid,
        [Labels.Workload] = workload,
    };

    private static JsonObject ToJson(Dictionary<string, string> map) => new(map.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)JsonValue.Create(m.Value))));

    private static Dictionary<string, string> ToMap(JsonNode? json) =>
        json is JsonObject map ? map.ToDictionary(m => m.Key, m => m.Value?.GetValue<string>() ?? "", StringComparer.Ordinal) : [];

    private static JsonObject With(JsonObject json, string key, string value)
    {
        json[key] = value;
        return json;
    }
}
