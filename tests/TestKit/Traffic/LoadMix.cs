namespace PatchOperator.TestKit.Traffic;

/// <summary>One kind of request and its share among the others.</summary>
public sealed record LoadRequest(string Path, double Weight)
{
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public string? JsonBody { get; init; }
}

public static class LoadMix
{
    /// <summary>The surfaces of a Magento store that an emergency patch must not hurt, checkout and payment above all.</summary>
    public static IReadOnlyList<LoadRequest> Magento { get; } =
    [
        new("/", 40),
        new("/customer/account", 10),
        new("/graphql", 10) { Method = HttpMethod.Post, JsonBody = """{"query":"{ storeConfig { store_code } }"}""" },
        new("/checkout", 20),
        new("/rest/V1/carts/mine/payment-information", 20) { Method = HttpMethod.Post, JsonBody = """{"paymentMethod":{"method":"checkmo"}}""" },
    ];
}

public sealed record LoadOptions
{
    public double RequestsPerSecond { get; init; } = 100;

    public IReadOnlyList<LoadRequest> Mix { get; init; } = LoadMix.Magento;

    /// <summary>Balancing per connection (a ClusterIP) spreads only if connections are not kept.</summary>
    public bool NewConnectionPerRequest { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Beyond it requests are not sent but counted as failed: the load stays open-loop and memory bounded.</summary>
    public int MaxInFlight { get; init; } = 5_000;

    /// <summary>The newest failures are kept; all are counted.</summary>
    public int MaxFailuresKept { get; init; } = 10_000;

    /// <summary>Makes the order of paths repeatable.</summary>
    public int? Seed { get; init; }
}
