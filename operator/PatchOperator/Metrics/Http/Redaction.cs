using System.Text.Encodings.Web;

namespace PatchOperator.Metrics.Http;

/// <summary>Takes secret values out of texts that a server had a hand in: an error message may well repeat the token that it refused.</summary>
internal sealed class Redaction
{
    public static readonly Redaction Nothing = new([]);

    private const string Instead = "[redacted]";

    /// <summary>Shorter ones are in any text, and taking them out would tell where they are.</summary>
    private const int ShortestSecret = 3;

    private readonly IReadOnlyList<string> hidden;

    public Redaction(IEnumerable<string> secrets)
    {
        // The longest first: a password may be part of what basic authentication sends.
        hidden =
        [
            .. secrets.Select(secret => secret.Trim()).Where(secret => secret.Length >= ShortestSecret)
                .SelectMany(secret => new[] { secret, Uri.EscapeDataString(secret), JavaScriptEncoder.Default.Encode(secret) })
                .Distinct(StringComparer.Ordinal).OrderByDescending(secret => secret.Length),
        ];
    }

    public string Of(string text) => hidden.Aggregate(text, (shown, secret) => shown.Replace(secret, Instead, StringComparison.Ordinal));
}
