using System.Security.Cryptography;
using System.Text;

namespace PatchOperator.Admission;

/// <summary>
/// How the webhooks know the API server: each is called under a path that only its configuration names. Without it, whatever reaches the port could
/// claim to be the API server, speak of any user, and be answered with a sealed fact.
/// </summary>
/// <remarks>
/// API servers tell whoever created something the whole address of a webhook that could not be reached and may not be skipped. So every webhook has a
/// path of its own, and that of creations seals nothing but who created what.
/// </remarks>
internal sealed class CallToken
{
    private const int Length = 32;

    private readonly byte[] secret;

    private CallToken(byte[] secret) => this.secret = secret;

    public static CallToken Make() => new(RandomNumberGenerator.GetBytes(Length));

    public static CallToken? Parse(string text)
    {
        var bytes = new byte[Length];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var written) && written == Length ? new CallToken(bytes) : null;
    }

    public string Format() => Convert.ToBase64String(secret);

    /// <param name="kind">mutate or validate.</param>
    /// <param name="operation">create or update.</param>
    public string PathOf(string kind, string operation) => $"{AdmissionEndpoints.Prefix}/{kind}/{operation}/{Convert.ToHexStringLower(Of(kind, operation))}";

    public bool Holds(string kind, string operation, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(Of(kind, operation))), Encoding.ASCII.GetBytes(given));

    // Nothing that prints an object may print this one.
    public override string ToString() => nameof(CallToken);

    private byte[] Of(string kind, string operation) => HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes($"{kind}/{operation}"))[..16];
}

/// <summary>The token as this process knows it now.</summary>
internal sealed class CallTokenStore
{
    private volatile CallToken? current;

    public CallToken? Current => current;

    public void Use(CallToken? token) => current = token;
}
