using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Turns CustomResourceDefinitions into kinds.</summary>
internal static class CustomKinds
{
    /// <summary>One kind for each served version. Versions do not share storage: conversion is not part of this double.</summary>
    public static IEnumerable<ResourceKind> From(JsonObject definition)
    {
        var names = definition.At("spec", "names") as JsonObject ?? [];
        var kind = names.Text("kind") ?? "";
        foreach (var version in definition.Objects("spec", "versions").Where(v => v.Flag("served")))
        {
            var schema = version.At("schema", "openAPIV3Schema") is JsonObject openApi ? SchemaNode.Parse(openApi) : null;
            var hint = schema?.ToHint() ?? TypeHint.None;
            yield return new ResourceKind
            {
                Resource = new ResourceName(definition.Text("spec", "group") ?? "", version.Text("name") ?? "", names.Text("plural") ?? ""),
                Kind = kind,
                Singular = names.Text("singular") ?? kind.ToLowerInvariant(),
                Namespaced = definition.Text("spec", "scope") != "Cluster",
                ShortNames = Texts(names["shortNames"]),
                Categories = Texts(names["categories"]),
                HasStatus = version.At("subresources", "status") is not null,
                IsCustom = true,
                Schema = schema,
                Hints = hint with { Fields = new Dictionary<string, TypeHint>(hint.Fields) { ["metadata"] = BuiltInHints.Metadata } },
                Columns = version["additionalPrinterColumns"] is JsonArray columns
                    ? [.. columns.OfType<JsonObject>().Select(PrinterColumn.FromDefinition)]
                    : null,
            };
        }
    }

    /// <summary>The status that the real server's own controllers would write.</summary>
    public static void Establish(JsonObject definition, DateTimeOffset now)
    {
        var spec = definition.Child("spec");
        var names = spec.Child("names");
        names.SetDefault("singular", (names.Text("kind") ?? "").ToLowerInvariant());
        names.SetDefault("listKind", names.Text("kind") + "List");
        spec.SetDefault("conversion", new JsonObject { ["strategy"] = "None" });
        var status = definition.Child("status");
        status["acceptedNames"] = names.DeepClone();
        status["storedVersions"] = new JsonArray([.. definition.Objects("spec", "versions").Where(v => v.Flag("storage")).Select(v => v["name"]?.DeepClone())]);
        if (status["conditions"] is null)
        {
            status["conditions"] = new JsonArray(
                Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now));
        }
    }

    private static JsonObject Condition(string type, string reason, string message, DateTimeOffset now) => new()
    {
        ["type"] = type,
        ["status"] = "True",
        ["reason"] = reason,
        ["message"] = message,
        ["lastTransitionTime"] = now.Timestamp(),
    };

    private static string[] Texts(JsonNode? node) => [.. (node as JsonArray ?? []).Select(n => n.Text() ?? "")];
}
