using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PatchOperator.TestKit.Crds;

/// <summary>
/// Checks a value as an API server does with <c>fieldValidation=Strict</c>: by the structural schema, and unknown fields are
/// errors, so that typing errors show. CEL rules are not run.
/// </summary>
public static class StructuralSchema
{
    private static readonly HashSet<string> Understood =
    [
        "type", "description", "properties", "required", "items", "additionalProperties", "enum", "pattern", "format", "default", "nullable",
        "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
        "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations", "x-kubernetes-preserve-unknown-fields",
    ];

    /// <summary>Problems as <c>path: what is wrong</c>; none if the value is fine.</summary>
    public static IReadOnlyList<string> Validate(JsonObject resource, JsonObject schema)
    {
        var problems = new List<string>();
        Check(resource, schema, "", problems);
        return problems;
    }

    private static void Check(JsonNode? value, JsonObject schema, string path, List<string> problems)
    {
        if (schema.Select(member => member.Key).FirstOrDefault(keyword => !Understood.Contains(keyword)) is { } unknown)
        {
            throw new NotSupportedException($"{path}: the schema says {unknown}, which this validator does not know");
        }

        if (value is null)
        {
            if (Text(schema, "nullable") != "true")
            {
                problems.Add($"{path}: must not be null");
            }

            return;
        }

        if (!HasType(value, Text(schema, "type")))
        {
            problems.Add($"{path}: must be of type {Text(schema, "type")}, is {value.ToJsonString()}");
            return;
        }

        if (schema["enum"] is JsonArray allowed && !allowed.Any(each => JsonNode.DeepEquals(each, value)))
        {
            problems.Add($"{path}: {value.ToJsonString()} is none of {allowed.ToJsonString()}");
        }

        switch (value)
        {
            case JsonObject members:
                CheckObject(members, schema, path, problems);
                break;
            case JsonArray items:
                CheckArray(items, schema, path, problems);
                break;
            case JsonValue when value.GetValueKind() == JsonValueKind.String:
                CheckText(value.GetValue<string>(), schema, path, problems);
                break;
            case JsonValue when value.GetValueKind() == JsonValueKind.Number:
                Range(Number(value), schema, "minimum", "maximum", path, problems);
                break;
        }
    }

    private static void CheckObject(JsonObject members, JsonObject schema, string path, List<string> problems)
    {
        Range(members.Count, schema, "minProperties", "maxProperties", path, problems);
        foreach (var name in schema["required"]?.AsArray().Select(each => each!.GetValue<string>()) ?? [])
        {
            if (!members.ContainsKey(name))
            {
                problems.Add($"{Join(path, name)}: is required");
            }
        }

        foreach (var (name, value) in members)
        {
            if (schema["properties"]?[name] is JsonObject property)
            {
                Check(value, property, Join(path, name), problems);
            }
            else if (schema["additionalProperties"] is JsonObject additional)
            {
                Check(value, additional, Join(path, name), problems);
            }
            else if (Text(schema, "x-kubernetes-preserve-unknown-fields") != "true" && path != "metadata")
            {
                problems.Add($"{Join(path, name)}: unknown field");
            }
        }
    }

    private static void CheckArray(JsonArray items, JsonObject schema, string path, List<string> problems)
    {
        Range(items.Count, schema, "minItems", "maxItems", path, problems);
        for (var index = 0; index < items.Count; index++)
        {
            Check(items[index], schema["items"]!.AsObject(), $"{path}[{index}]", problems);
        }

        var keys = Text(schema, "x-kubernetes-list-type") switch
        {
            "set" => items.Select(item => item?.ToJsonString()),
            "map" => items.Select(item => string.Join('|', schema["x-kubernetes-list-map-keys"]!.AsArray().Select(key => item?[key!.GetValue<string>()]?.ToJsonString()))),
            _ => [],
        };
        foreach (var twice in keys.GroupBy(key => key, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            problems.Add($"{path}: {twice.Key} is there twice");
        }
    }

    private static void CheckText(string text, JsonObject schema, string path, List<string> problems)
    {
        Range(text.Length, schema, "minLength", "maxLength", path, problems);
        if (Text(schema, "pattern") is { } pattern && !Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant))
        {
            problems.Add($"{path}: '{text}' does not match {pattern}");
        }

        if (Text(schema, "format") == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _))
        {
            problems.Add($"{path}: '{text}' is not a time");
        }
    }

    private static void Range(double value, JsonObject schema, string least, string most, string path, List<string> problems)
    {
        if (schema[least] is { } low && value < Number(low))
        {
            problems.Add($"{path}: {least} is {low.ToJsonString()}, found {value.ToString(CultureInfo.InvariantCulture)}");
        }

        if (schema[most] is { } high && value > Number(high))
        {
            problems.Add($"{path}: {most} is {high.ToJsonString()}, found {value.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private static bool HasType(JsonNode value, string? type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value.GetValueKind() == JsonValueKind.String,
        "boolean" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.GetValueKind() == JsonValueKind.Number && double.IsInteger(Number(value)),
        _ => value.GetValueKind() == JsonValueKind.Number,
    };

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static string? Text(JsonObject schema, string keyword) => schema[keyword]?.ToString();

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
