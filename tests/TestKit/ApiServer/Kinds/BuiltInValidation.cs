using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The few refusals of built-in kinds that an operator is likely to run into.</summary>
internal static class BuiltInValidation
{
    public static void Check(ResourceKind kind, JsonObject obj)
    {
        var errors = new List<FieldError>();
        switch (kind.Kind)
        {
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet":
                CheckSelector(obj, errors);
                CheckContainers(obj.At("spec", "template", "spec"), "spec.template.spec", errors);
                break;
            case "Job":
                CheckContainers(obj.At("spec", "template", "spec"), "spec.template.spec", errors);
                break;
            case "CronJob":
                CheckContainers(obj.At("spec", "jobTemplate", "spec", "template", "spec"), "spec.jobTemplate.spec.template.spec", errors);
                break;
            case "Pod":
                CheckContainers(obj["spec"], "spec", errors);
                break;
        }

        if (errors.Count > 0)
        {
            throw ApiException.Invalid(kind, obj.Name(), errors);
        }
    }

    private static void CheckSelector(JsonObject obj, List<FieldError> errors)
    {
        if (obj.At("spec", "selector") is not JsonObject selector)
        {
            errors.Add(FieldError.Required("spec.selector"));
            return;
        }

        var labels = obj.At("spec", "template", "metadata", "labels");
        foreach (var (name, value) in selector["matchLabels"] as JsonObject ?? [])
        {
            if (labels.Text(name) != value.Text())
            {
                errors.Add(FieldError.Invalid("spec.template.metadata.labels", labels.Compact(), "`selector` does not match template `labels`"));
                return;
            }
        }
    }

    private static void CheckContainers(JsonNode? podSpec, string path, List<FieldError> errors)
    {
        if (podSpec.At("containers") is not JsonArray { Count: > 0 } containers)
        {
            errors.Add(FieldError.Required($"{path}.containers"));
            return;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < containers.Count; i++)
        {
            var name = containers[i].Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"{path}.containers[{i}].name"));
            }
            else if (!names.Add(name))
            {
                errors.Add(new FieldError($"{path}.containers[{i}].name", "FieldValueDuplicate", $"Duplicate value: \"{name}\""));
            }

            if (containers[i].Text("image") is not { Length: > 0 } && !path.Contains("template", StringComparison.Ordinal))
            {
                errors.Add(FieldError.Required($"{path}.containers[{i}].image"));
            }
        }
    }
}
