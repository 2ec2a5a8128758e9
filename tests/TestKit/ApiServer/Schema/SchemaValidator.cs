using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Validates a value against a structural schema, with the wording of Kubernetes.</summary>
internal sealed class SchemaValidator
{
    private readonly List<FieldError> _errors = [];

    public static IReadOnlyList<FieldError> Validate(SchemaNode schema, JsonObject root)
    {
        var validator = new SchemaValidator();
        validator.ValidateObject(schema, root, "", isResource: true);
        return validator._errors;
    }

    private void Check(SchemaNode schema, JsonNode? value, string path)
    {
        if (value is null)
        {
            if (!schema.Nullable && schema.Type is not null)
            {
                WrongType(schema, path, "null");
            }

            return;
        }

        if (!HasType(schema, value))
        {
            WrongType(schema, path, TypeName(value));
            return;
        }

        CheckEnum(schema, value, path);
        switch (value)
        {
            case JsonObject obj:
                ValidateObject(schema, obj, path, schema.IsEmbeddedResource);
                break;
            case JsonArray array:
                CheckArray(schema, array, path);
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                CheckString(schema, scalar.GetValue<string>(), path);
                break;
            case JsonValue scalar when SchemaNode.Number(scalar) is { } number:
                CheckNumber(schema, number, path);
                break;
        }
    }

    private void ValidateObject(SchemaNode schema, JsonObject obj, string path, bool isResource)
    {
        foreach (var name in schema.Required.Where(name => !obj.ContainsKey(name)))
        {
            _errors.Add(FieldError.Required(Join(path, name)));
        }

        if (schema.MaxProperties is { } max && obj.Count > max)
        {
            _errors.Add(new FieldError(path, "FieldValueTooMany", $"Too many: {obj.Count}: must have at most {max} items"));
        }

        if (schema.MinProperties is { } min && obj.Count < min)
        {
            _errors.Add(FieldError.Invalid(path, obj.Compact(), $"{path} in body should have at least {min} properties"));
        }

        foreach (var (name, value) in obj)
        {
            if (isResource && name == "metadata")
            {
                continue;
            }

            if (schema.Member(name) is { } member)
            {
                Check(member, value, schema.Properties.ContainsKey(name) ? Join(path, name) : $"{path}.{name}");
            }
        }
    }

    private void CheckArray(SchemaNode schema, JsonArray array, string path)
    {
        if (schema.MaxItems is { } max && array.Count > max)
        {
            _errors.Add(new FieldError(path, "FieldValueTooMany", $"Too many: {array.Count}: must have at most {max} items"));
        }

        if (schema.MinItems is { } min && array.Count < min)
        {
            _errors.Add(FieldError.Invalid(path, array.Compact(), $"{path} in body should have at least {min} items"));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < array.Count; i++)
        {
            if (schema.Items is { } items)
            {
                Check(items, array[i], $"{path}[{i}]");
            }

            var identity = schema.ListType switch
            {
                "map" when array[i] is JsonObject item => new JsonObject(schema.ListMapKeys
                    .Where(item.ContainsKey).Select(k => KeyValuePair.Create(k, item[k]?.DeepClone()))).Compact(),
                "set" => array[i].Compact(),
                _ => null,
            };
            if (identity is not null && !seen.Add(identity))
            {
                _errors.Add(new FieldError($"{path}[{i}]", "FieldValueDuplicate", $"Duplicate value: {identity}"));
            }
        }
    }

    private void CheckString(SchemaNode schema, string text, string path)
    {
        var shown = JsonValue.Create(text).Compact();
        if (schema.MaxLength is { } max && text.EnumerateRunes().Count() > max)
        {
            _errors.Add(new FieldError(path, "FieldValueTooLong", $"Too long: may not be more than {max} bytes"));
        }

        if (schema.MinLength is { } min && text.EnumerateRunes().Count() < min)
        {
            _errors.Add(FieldError.Invalid(path, shown, $"{path} in body should be at least {min} chars long"));
        }

        if (schema.Pattern is { } pattern && !pattern.IsMatch(text))
        {
            _errors.Add(FieldError.Invalid(path, shown, $"{path} in body should match '{schema.PatternText}'"));
        }

        var formatHolds = schema.Format switch
        {
            "date-time" => text.Length >= 20 && text[10] is 'T' or 't'
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
            "uri" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
            _ => true,
        };
        if (!formatHolds)
        {
            _errors.Add(FieldError.Invalid(path, shown, $"{path} in body must be of type {schema.Format}: {shown}"));
        }
    }

    private void CheckNumber(SchemaNode schema, decimal number, string path)
    {
        if (schema.Minimum is { } min && (schema.ExclusiveMinimum ? number <= min : number < min))
        {
            _errors.Add(FieldError.Invalid(path, $"{number}", $"{path} in body should be greater than {(schema.ExclusiveMinimum ? "" : "or equal to ")}{min}"));
        }

        if (schema.Maximum is { } max && (schema.ExclusiveMaximum ? number >= max : number > max))
        {
            _errors.Add(FieldError.Invalid(path, $"{number}", $"{path} in body should be less than {(schema.ExclusiveMaximum ? "" : "or equal to ")}{max}"));
        }
    }

    private void CheckEnum(SchemaNode schema, JsonNode value, string path)
    {
        if (schema.Enum is { } allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
        {
            _errors.Add(new FieldError(
                path,
                "FieldValueNotSupported",
                $"Unsupported value: {value.Compact()}: supported values: {string.Join(", ", allowed.Select(a => a.Compact()))}"));
        }
    }

    private void WrongType(SchemaNode schema, string path, string actual)
    {
        var expected = schema.IsIntOrString ? "integer,string" : schema.Type;
        _errors.Add(new FieldError(
            path, "FieldValueTypeInvalid", $"Invalid value: \"{actual}\": {path} in body must be of type {expected}: \"{actual}\""));
    }

    private static bool HasType(SchemaNode schema, JsonNode value)
    {
        if (schema.IsIntOrString)
        {
            return TypeName(value) is "integer" or "string";
        }

        return schema.Type switch
        {
            null => true,
            "number" => TypeName(value) is "number" or "integer",
            _ => TypeName(value) == schema.Type,
        };
    }

    private static string TypeName(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => SchemaNode.Number(value) is { } number && number == decimal.Truncate(number) ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Null or JsonValueKind.Undefined => "null",
        _ => throw new InvalidOperationException("JSON has no other kinds"),
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
