using System.Net;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

public sealed record ApiServerOptions
{
    /// <summary>Zero picks a free port.</summary>
    public int Port { get; init; }

    /// <summary>YAML files, or folders of them, with the CustomResourceDefinitions to serve from the start.</summary>
    public IReadOnlyList<string> CrdPaths { get; init; } = [];

    /// <summary>The clock behind creation and deletion timestamps, bookmarks, watch timeouts and injected delays.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Creates a namespace when its first object arrives; false answers 404 as a real cluster does.</summary>
    public bool CreateMissingNamespaces { get; init; } = true;

    /// <summary>Answers access reviews: gets the review's spec, returns whether it is allowed.</summary>
    public Func<JsonObject, bool> Authorize { get; init; } = _ => true;

    /// <summary>Users by their bearer token.</summary>
    public IReadOnlyDictionary<string, ClusterUser> Users { get; init; } = new Dictionary<string, ClusterUser>();

    /// <summary>Where a Service that a webhook names is reached: namespace and name.</summary>
    public Func<string, string, IPEndPoint> WebhookServices { get; init; } = (ns, name) => throw new HttpRequestException($"no endpoints available for service \"{ns}/{name}\"");
}
