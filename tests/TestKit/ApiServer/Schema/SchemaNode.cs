using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One node of a CustomResourceDefinition's structural schema, read once. CEL rules and allOf/anyOf/oneOf/not are not evaluated.</summary>
internal sealed class SchemaNode
{
    private SchemaNode(JsonObject schema)
    {
        Source = schema;
        Type = schema.Text("type");
        Properties = (schema["properties"] as JsonObject)?.Where(p => p.Value is JsonObject)
            .ToDictionary(p => p.Key, p => new SchemaNode((JsonObject)p.Value!)) ?? [];
        Items = schema["items"] is JsonObject items ? new SchemaNode(items) : null;
        Additional = schema["additionalProperties"] is JsonObject additional ? new SchemaNode(additional) : null;
        AllowsAnyProperty = schema.Flag("additionalProperties");
        PreservesUnknown = schema.Flag("x-kubernetes-preserve-unknown-fields");
        IsEmbeddedResource = schema.Flag("x-kubernetes-embedded-resource");
        IsIntOrString = schema.Flag("x-kubernetes-int-or-string");
        Nullable = schema.Flag("nullable");
        Required = [.. (schema["required"] as JsonArray ?? []).Select(r => r.Text() ?? "")];
        Default = schema["default"];
        Enum = (schema["enum"] as JsonArray)?.ToList();
        PatternText = schema.Text("pattern");
        Pattern = PatternText is null ? null : new Regex(PatternText, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Format = schema.Text("format");
        Minimum = Number(schema["minimum"]);
        Maximum = Number(schema["maximum"]);
        ExclusiveMinimum = schema.Flag("exclusiveMinimum");
        ExclusiveMaximum = schema.Flag("exclusiveMaximum");
        MinLength = schema.Integer("minLength");
        MaxLength = schema.Integer("maxLength");
        MinItems = schema.Integer("minItems");
        MaxItems = schema.Integer("maxItems");
        MinProperties = schema.Integer("minProperties");
        MaxProperties = schema.Integer("maxProperties");
        ListType = schema.Text("x-kubernetes-list-type");
        ListMapKeys = [.. (schema["x-kubernetes-list-map-keys"] as JsonArray ?? []).Select(k => k.Text() ?? "")];
        IsAtomicMap = schema.Text("x-kubernetes-map-type") == "atomic";
    }

    /// <summary>As it was written, for documentation.</summary>
    public JsonObject Source { get; }
    public string? Type { get; }
    public Dictionary<string, SchemaNode> Properties { get; }
    public SchemaNode? Items { get; }
    public SchemaNode? Additional { get; }
    public bool AllowsAnyProperty { get; }
    public bool PreservesUnknown { get; }
    public bool IsEmbeddedResource { get; }
    public bool IsIntOrString { get; }
    public bool Nullable { get; }
    public IReadOnlyList<string> Required { get; }
    public JsonNode? Default { get; }
    public IReadOnlyList<JsonNode?>? Enum { get; }
    public string? PatternText { get; }
    public Regex? Pattern { get; }
    public string? Format { get; }
    public decimal? Minimum { get; }
    public decimal? Maximum { get; }
    public bool ExclusiveMinimum { get; }
    public bool ExclusiveMaximum { get; }
    public long? MinLength { get; }
    public long? MaxLength { get; }
    public long? MinItems { get; }
    public long? MaxItems { get; }
    public long? MinProperties { get; }
    public long? MaxProperties { get; }
    public string? ListType { get; }
    public IReadOnlyList<string> ListMapKeys { get; }
    public bool IsAtomicMap { get; }

    public static SchemaNode Parse(JsonObject schema) => new(schema);

    /// <summary>The schema of a member: declared, or that of any additional property.</summary>
    public SchemaNode? Member(string name) => Properties.TryGetValue(name, out var node) ? node : Additional;

    public TypeHint ToHint() => new()
    {
        Fields = Properties.ToDictionary(p => p.Key, p => p.Value.ToHint()),
        Values = Additional?.ToHint(),
        Item = Items?.ToHint(),
        Atomic = IsAtomicMap,
        List = ListType switch { "map" => ListMerge.Map, "set" => ListMerge.Set, _ => ListMerge.Atomic },
        Keys = [.. ListMapKeys.Order(StringComparer.Ordinal)],
        KeyDefaults = Items is null
            ? new Dictionary<string, string>()
            : ListMapKeys.Where(k => Items.Member(k)?.Default.Text() is not null).ToDictionary(k => k, k => Items.Member(k)!.Default.Text()!),
    };

    internal static decimal? Number(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && decimal.TryParse(value.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
