using System.Text.Json.Nodes;

namespace PatchOperator.Domain.Admission;

/// <summary>One write that the API server asks about, before it is stored.</summary>
public sealed record AdmissionRequest
{
    /// <summary>The API server's own name for this question.</summary>
    public required string Id { get; init; }

    /// <summary>Plural of the kind.</summary>
    public required string Resource { get; init; }

    public string Subresource { get; init; } = "";

    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required bool IsCreate { get; init; }

    public required AuthenticatedUser User { get; init; }

    /// <summary>The operator's own write.</summary>
    public bool IsOperator { get; init; }

    public bool IsDryRun { get; init; }

    public required JsonObject Object { get; init; }

    /// <summary>What is stored now; null on creation.</summary>
    public JsonObject? OldObject { get; init; }

    /// <summary>Written on top of another version than the stored one: the API server refuses it as a conflict, whatever is said here.</summary>
    public bool IsStale => VersionOf(OldObject) is { Length: > 0 } stored && VersionOf(Object) is { Length: > 0 } written && written != stored;

    private static string? VersionOf(JsonObject? resource) => resource?["metadata"]?["resourceVersion"] is JsonValue value && value.TryGetValue<string>(out var version) ? version : null;
}

/// <summary>Whom the API server authenticated, in its words.</summary>
public sealed record AuthenticatedUser(string Username, string? Uid, IReadOnlyList<string> Groups);
