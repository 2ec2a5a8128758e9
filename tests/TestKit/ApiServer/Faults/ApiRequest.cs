namespace PatchOperator.TestKit.ApiServer;

/// <summary>One call as fault hooks and assertions see it.</summary>
public sealed record ApiRequest
{
    /// <summary>Counts all calls from 1.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>get, list, watch, create, update, patch, delete, deletecollection; get for paths that are no resource.</summary>
    public required string Verb { get; init; }

    public string Group { get; init; } = "";

    public string Version { get; init; } = "";

    /// <summary>The plural; empty for paths that are no resource, such as /version.</summary>
    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public required string Path { get; init; }

    public string Query { get; init; } = "";

    public string UserAgent { get; init; } = "";

    /// <summary>Tells the kinds of patch apart.</summary>
    public string ContentType { get; init; } = "";

    public bool IsWrite => Verb is "create" or "update" or "patch" or "delete" or "deletecollection";

    public override string ToString() =>
        $"#{Number} {Verb} {Resource}{(Subresource.Length > 0 ? "/" + Subresource : "")} {Namespace}/{Name} {(Resource.Length > 0 ? "" : Path)}".TrimEnd();
}
