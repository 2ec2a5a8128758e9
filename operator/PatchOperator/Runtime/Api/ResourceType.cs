using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>Names a kind of object the way the Kubernetes API's URLs do, and builds these URLs (relative, without a leading slash).</summary>
public record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced = true)
{
    /// <summary><c>v1</c> for the core group, else <c>apps/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The server leaves out all but metadata; one that cannot sends everything.</summary>
    public bool IsMetadataOnly { get; init; }

    private string Root => Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";

    /// <summary>The collection in one namespace, or in all of them when <paramref name="ns"/> is null or empty.</summary>
    public string CollectionPath(string? ns = null) =>
        Namespaced && !string.IsNullOrEmpty(ns) ? $"{Root}/namespaces/{Uri.EscapeDataString(ns)}/{Plural}" : $"{Root}/{Plural}";

    public string ObjectPath(ObjectKey key, string? subresource = null)
    {
        if (Namespaced && key.Namespace.Length == 0)
        {
            throw new ArgumentException($"{Kind} {key.Name} needs a namespace", nameof(key));
        }

        var path = $"{CollectionPath(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    public sealed override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>A <see cref="ResourceType"/> whose objects are decoded as <typeparamref name="T"/>, with source-generated JSON.</summary>
public sealed record ResourceType<T>(string Group, string Version, string Plural, string Kind, JsonTypeInfo<T> Json, bool Namespaced = true)
    : ResourceType(Group, Version, Plural, Kind, Namespaced)
    where T : class, IResource
{
    /// <exception cref="JsonException">The object does not fit <typeparamref name="T"/>.</exception>
    public T Decode(JsonNode json) => json.Deserialize(Json) ?? throw new JsonException($"A null where a {Kind} was expected");
}
