namespace PatchOperator.Runtime;

/// <summary>What a caller can do about a failed request; every failure of the API is classified once, at this edge.</summary>
public enum ApiErrorKind
{
    NotFound,

    AlreadyExists,

    /// <summary>The object changed since it was read, or a <c>test</c> of a JSON patch failed: read again and decide anew.</summary>
    Conflict,

    /// <summary>The request can never succeed as it is (terminal).</summary>
    Invalid,

    /// <summary>RBAC or an admission webhook says no (terminal).</summary>
    Forbidden,

    Unauthorized,

    /// <summary>Told to come back later, see <see cref="ApiError.RetryAfter"/>.</summary>
    Throttled,

    /// <summary>The resource version or continue token has expired: list again.</summary>
    Gone,

    /// <summary>No answer in time; whether the request took effect is not known.</summary>
    Timeout,

    /// <summary>The server cannot be reached or failed inside; whether the request took effect is not known.</summary>
    Unavailable,

    Other,
}

/// <summary>One line of the server's reasons, for example <c>spec.replicas: must be greater than 0</c>.</summary>
public sealed record ApiErrorCause(string Field, string Reason, string Message);

public sealed record ApiError
{
    public required ApiErrorKind Kind { get; init; }

    /// <summary>As the server worded it in its Status object, otherwise what the transport said.</summary>
    public required string Message { get; init; }

    /// <summary>HTTP status code; null when no answer came.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The Status object's reason, for example <c>AlreadyExists</c>.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<ApiErrorCause> Causes { get; init; } = [];

    /// <summary>Of what the server asked for, 1 s to 30 s; null leaves it to the caller's own backoff.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The request certainly changed nothing, because no server accepted it (no connection, or turned away at the door).</summary>
    public bool TookNoEffect { get; init; }

    /// <summary>Trying the same again is of no use until a human changes something.</summary>
    public bool IsTerminal => Kind is ApiErrorKind.Invalid or ApiErrorKind.Forbidden;
}

/// <summary>The only exception besides <see cref="OperationCanceledException"/> that leaves <see cref="IClusterClient"/>.</summary>
public sealed class ClusterException(ApiError error, string request, Exception? inner = null)
    : Exception($"{request}: {error.Message}", inner)
{
    public ApiError Error { get; } = error;

    /// <summary>Verb and path, for logs: <c>PATCH apis/apps/v1/namespaces/shop/deployments/web</c>.</summary>
    public string Request { get; } = request;

    public ApiErrorKind Kind => Error.Kind;
}
