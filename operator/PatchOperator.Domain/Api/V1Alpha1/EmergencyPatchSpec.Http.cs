namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>Who the operator says it is; exactly one member. Secrets are those of the patch's own namespace.</summary>
public sealed record HttpAuthSpec
{
    /// <summary>Sent as <c>Authorization: Bearer …</c>; without a key, <c>token</c>.</summary>
    public SecretKeyReference? BearerTokenSecretRef { get; init; }

    /// <summary>A Secret with the keys <c>username</c> and <c>password</c>, as of type kubernetes.io/basic-auth.</summary>
    public NamedReference? BasicSecretRef { get; init; }
}

/// <summary>How the server is recognised, and the operator by the server. There is no way to skip verification.</summary>
public sealed record HttpTlsSpec
{
    /// <summary>Certificates, in PEM, that the server's must be issued by, instead of the system's; without a key, <c>ca.crt</c>.</summary>
    public SecretKeyReference? CaSecretRef { get; init; }

    /// <summary>A Secret with the keys <c>tls.crt</c> and <c>tls.key</c>, as of type kubernetes.io/tls.</summary>
    public NamedReference? ClientCertificateSecretRef { get; init; }

    /// <summary>The name that the server's certificate must have; without it, the address's host.</summary>
    public string? ServerName { get; init; }
}

/// <summary>A header of every request; exactly one of value and valueSecretRef.</summary>
public sealed record HttpHeaderSpec
{
    public string? Name { get; init; }

    public string? Value { get; init; }

    public SecretKeyReference? ValueSecretRef { get; init; }
}

public sealed record SecretKeyReference
{
    public string? Name { get; init; }

    public string? Key { get; init; }
}

/// <summary>The paths of a part of the shop.</summary>
public sealed record SurfaceSpec
{
    /// <summary>Checkout, Payment, AccountDashboard or Onboarding.</summary>
    public string? Name { get; init; }

    /// <summary><c>*</c> stands for anything within one segment, and <c>/**</c> at the end for the path itself and all below it.</summary>
    public IReadOnlyList<string>? Paths { get; init; }
}
