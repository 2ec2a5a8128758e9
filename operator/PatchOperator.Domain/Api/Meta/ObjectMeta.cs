using System.Text.Json.Serialization;

namespace PatchOperator.Domain.Api.Meta;

/// <summary>The part of Kubernetes' object metadata that the operator reads; everything else stays on the server.</summary>
public sealed record ObjectMeta
{
    public string Name { get; init; } = "";

    public string? Namespace { get; init; }

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    public long Generation { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public IReadOnlyList<string>? Finalizers { get; init; }

    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    [JsonIgnore]
    public bool IsTerminating => DeletionTimestamp is not null;
}

public sealed record OwnerReference
{
    public required string ApiVersion { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    public required string Uid { get; init; }

    public bool? Controller { get; init; }

    public bool? BlockOwnerDeletion { get; init; }
}

/// <summary>An object of the Kubernetes API as the operator holds it.</summary>
public interface IResource
{
    ObjectMeta Metadata { get; }
}

/// <summary>Namespace and name of an object; <c>ToString</c> is the form used in logs, <c>shop/cve-2025-54236</c>.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    public static ObjectKey Of(IResource resource) => new(resource.Metadata.Namespace ?? "", resource.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
