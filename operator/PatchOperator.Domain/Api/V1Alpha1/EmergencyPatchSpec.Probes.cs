namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>A synthetic request that the operator itself sends to the pods of both tracks while a run measures.</summary>
public sealed record ProbeSpec
{
    public string? Name { get; init; }

    public int? Port { get; init; }

    /// <summary>With its query, if there is one; without it, <c>/</c>.</summary>
    public string? Path { get; init; }

    /// <summary>Without it, GET.</summary>
    public string? Method { get; init; }

    /// <summary>HTTP or HTTPS; without it, HTTP.</summary>
    public string? Scheme { get; init; }

    public HttpTlsSpec? Tls { get; init; }

    /// <summary>The Host header, as visitors send it; without it, the pod's address.</summary>
    public string? Host { get; init; }

    /// <summary>Time between two requests to the same track; without it, 1s.</summary>
    public Duration? Every { get; init; }

    /// <summary>What takes longer has failed; without it, 5s.</summary>
    public Duration? Timeout { get; init; }

    public IReadOnlyList<HttpHeaderSpec>? Headers { get; init; }

    /// <summary>Without it, <c>application/json</c> where there is a body.</summary>
    public string? ContentType { get; init; }

    public string? Body { get; init; }

    /// <summary>A body that not everyone may read, such as one with a customer's credentials.</summary>
    public SecretKeyReference? BodySecretRef { get; init; }

    public ProbeExpectSpec? Expect { get; init; }
}

/// <summary>What a good answer is; everything that is given must hold.</summary>
public sealed record ProbeExpectSpec
{
    /// <summary>Without it, 200.</summary>
    public IReadOnlyList<int>? Status { get; init; }

    /// <summary>Text that the body contains.</summary>
    public string? Text { get; init; }

    public IReadOnlyList<JsonExpectSpec>? Json { get; init; }

    /// <summary>The body is JSON without <c>errors</c>: GraphQL answers 200 to what failed.</summary>
    public bool? NoGraphQLErrors { get; init; }

    /// <summary>Longest time to the end of the answer.</summary>
    public Duration? MaxLatency { get; init; }
}

/// <summary>A member of the JSON body that must be there.</summary>
public sealed record JsonExpectSpec
{
    /// <summary><c>$.data.placeOrder.order.number</c>, <c>$.items[0].sku</c>, <c>$['a key'].b</c>.</summary>
    public string? Path { get; init; }

    /// <summary>What it must be, as text; without it, anything but null.</summary>
    public string? EqualTo { get; init; }
}
