using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Architecture;

/// <summary>The CRDs are written by hand, and so are the types. Neither may have what the other lacks.</summary>
public sealed class CrdDriftTests
{
    public static TheoryData<string, Type> Kinds => new()
    {
        { Names.EmergencyPatchKind, typeof(EmergencyPatch) },
        { Names.ModuleCompatibilityKind, typeof(ModuleCompatibility) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_property_has_its_member_and_every_member_its_property(string kind, Type type)
    {
        var differences = new List<string>();
        Compare(CrdSchemas.Schema(kind), type, kind, differences);
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void Names_in_the_code_are_the_names_in_the_CRDs()
    {
        Assert.Equal($"{Names.EmergencyPatchPlural}.{Names.Group}", CrdSchemas.ByKind[Names.EmergencyPatchKind]["metadata"]!["name"]!.ToString());
        Assert.Equal($"{Names.ModuleCompatibilityPlural}.{Names.Group}", CrdSchemas.ByKind[Names.ModuleCompatibilityKind]["metadata"]!["name"]!.ToString());
        Assert.All(CrdSchemas.ByKind.Keys, kind => Assert.Equal(Names.Version, CrdSchemas.Version(kind)["name"]!.ToString()));
    }

    [Fact]
    public void Every_default_of_the_CRD_is_one_that_a_digest_leaves_out()
    {
        var spec = CrdSchemas.Schema(Names.EmergencyPatchKind)["properties"]!["spec"]!.AsObject();
        var defaults = SchemaWalk.All(spec).Where(each => each.Schema["default"] is not null).ToList();
        Assert.NotEmpty(defaults);
        Assert.All(defaults, each => Assert.Equal((each.Path, SpecDefaults.ByPath.GetValueOrDefault(each.Path)), (each.Path, each.Schema["default"]!.ToJsonString())));
    }

    private static void Compare(JsonObject schema, Type type, string path, List<string> differences)
    {
        if (DomainJson.Default.GetTypeInfo(type) is not { Kind: JsonTypeInfoKind.Object } info)
        {
            differences.Add($"{path}: {type.Name} is not an object in JSON");
            return;
        }

        var properties = schema["properties"]?.AsObject() ?? [];
        var required = schema["required"]?.AsArray().Select(name => name!.ToString()).ToHashSet() ?? [];
        var members = info.Properties.ToDictionary(member => member.Name, StringComparer.Ordinal);
        differences.AddRange(properties.Select(property => property.Key).Except(members.Keys).Select(name => $"{path}.{name}: the CRD has it, {type.Name} has not"));
        differences.AddRange(members.Keys.Except(properties.Select(property => property.Key)).Select(name => $"{path}.{name}: {type.Name} has it, the CRD has not"));
        differences.AddRange(members.Values.Where(member => member.IsRequired && !required.Contains(member.Name)).Select(member =>
            $"{path}.{member.Name}: without it a stored object cannot be read, and the CRD does not require it"));
        foreach (var (name, member) in members)
        {
            // Kubernetes' own; a schema may only bound their texts.
            if (properties[name] is JsonObject property && !(path.IndexOf('.') < 0 && name is "apiVersion" or "kind" or "metadata"))
            {
                CompareMember(property, member.PropertyType, $"{path}.{name}", differences);
            }
        }
    }

    private static void CompareMember(JsonObject schema, Type type, string path, List<string> differences)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var kind = (schema["type"]?.ToString(), schema["format"]?.ToString());
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            Expect(kind.Item1 == "array", path, type, kind, differences);
            if (schema["items"] is JsonObject items)
            {
                CompareMember(items, type.GetGenericArguments()[0], path + "[]", differences);
            }
        }
        else if (type == typeof(IReadOnlyDictionary<string, string>))
        {
            Expect(kind.Item1 == "object" && schema["additionalProperties"]?["type"]?.ToString() == "string", path, type, kind, differences);
        }
        else if (type == typeof(JsonObject))
        {
            Expect(kind.Item1 == "object" && schema["x-kubernetes-preserve-unknown-fields"]?.GetValue<bool>() is true, path, type, kind, differences);
        }
        else if (DomainJson.Default.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Object })
        {
            Expect(kind.Item1 == "object", path, type, kind, differences);
            Compare(schema, type, path, differences);
        }
        else
        {
            Expect(Fits(type, kind), path, type, kind, differences);
        }
    }

    private static bool Fits(Type type, (string? Type, string? Format) kind) => kind switch
    {
        // What users write as a time stays text until it is validated.
        ("string", "date-time") => type == typeof(DateTimeOffset) || type == typeof(string),
        ("string", null) => type == typeof(string) || type == typeof(Duration),
        ("integer", "int32") => type == typeof(int),
        ("integer", "int64") => type == typeof(long),
        ("boolean", null) => type == typeof(bool),
        _ => false,
    };

    private static void Expect(bool fits, string path, Type type, (string? Type, string? Format) kind, List<string> differences)
    {
        if (!fits)
        {
            differences.Add($"{path}: {type.Name} does not fit type {kind.Type}, format {kind.Format ?? "none"}");
        }
    }
}
