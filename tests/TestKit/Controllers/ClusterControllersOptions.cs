namespace PatchOperator.TestKit.Controllers;

public sealed record ClusterControllersOptions
{
    /// <summary>Pods go to the node with the fewest pods.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = ["node-1"];

    public string HostIp { get; init; } = "127.0.0.1";

    /// <summary>First two bytes of the addresses that Services get; loopback addresses can be listened on without further setup on Linux.</summary>
    public string ServiceNetwork { get; init; } = "127.240";

    /// <summary>How often the node looks at pods whose runtime does not say by itself when they change.</summary>
    public TimeSpan PodPollInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Told of every unexpected error of a controller; it is retried whatever this does.</summary>
    public Action<string, Exception>? OnError { get; init; }
}
