using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Validation;

/// <summary>The patterns of the CRD, for .NET: <c>\z</c> where Go means the end by <c>$</c>.</summary>
internal static partial class Shapes
{
    /// <summary>What a label's value, and so a name that is to be used as one, may have.</summary>
    public const int LongestLabel = 63;

    /// <summary>A ReplicaSet of the canary is called <c>NAME-canary-HASH</c> and must fit 253 characters.</summary>
    public const int LongestWorkload = 235;

    /// <summary>Kubernetes adds 11 characters to a CronJob's name and needs the sum to fit a label.</summary>
    public const int LongestCronJob = 52;

    public const int LongestName = 253;

    private const string NamePart = "[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*";

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    public static partial Regex Subdomain();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    public static partial Regex Label();

    [GeneratedRegex(@"^[-._a-zA-Z][-._a-zA-Z0-9]*\z", RegexOptions.CultureInvariant)]
    public static partial Regex EnvironmentName();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]+\z", RegexOptions.CultureInvariant)]
    public static partial Regex ConfigMapKey();

    [GeneratedRegex(@"^CVE-[0-9]{4}-[0-9]{4,19}\z", RegexOptions.CultureInvariant)]
    public static partial Regex Cve();

    [GeneratedRegex(@"^(10(\.0)?|[0-9](\.[0-9])?)\z", RegexOptions.CultureInvariant)]
    public static partial Regex CvssScore();

    [GeneratedRegex(@"^[0-9a-f]{7,64}\z", RegexOptions.CultureInvariant)]
    public static partial Regex Commit();

    [GeneratedRegex(@"^((user|group):\S+|serviceaccount:[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?)\z", RegexOptions.CultureInvariant)]
    public static partial Regex Subject();

    /// <summary>A Prometheus metric, without the suffix of a histogram's parts.</summary>
    [GeneratedRegex(@"^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}(?<!_bucket)\z", RegexOptions.CultureInvariant)]
    public static partial Regex MetricName();

    [GeneratedRegex(@"^/[^\s?#]*\z", RegexOptions.CultureInvariant)]
    public static partial Regex UrlPath();

    /// <summary>A path with its query.</summary>
    [GeneratedRegex(@"^/[!-~]*\z", RegexOptions.CultureInvariant)]
    public static partial Regex RequestTarget();

    /// <summary>A path with <c>*</c> within segments and <c>/**</c> at the end.</summary>
    [GeneratedRegex(@"^/([^\s?#*""\\]|\*(?!\*))*(/\*\*)?\z|^/\*\*\z", RegexOptions.CultureInvariant)]
    public static partial Regex PathPattern();

    [GeneratedRegex(@"^[a-zA-Z_][a-zA-Z0-9_]*\z", RegexOptions.CultureInvariant)]
    public static partial Regex ArgName();

    [GeneratedRegex(@"^[A-Za-z0-9!#$%&'*+.^_`|~-]+\z", RegexOptions.CultureInvariant)]
    public static partial Regex AnyHeaderName();

    /// <summary>What may stand in a header: printable characters, with none at its ends that would be cut off.</summary>
    [GeneratedRegex(@"^[!-~]([ -~]*[!-~])?\z", RegexOptions.CultureInvariant)]
    public static partial Regex AnyHeaderValue();

    [GeneratedRegex(@"^[A-Za-z0-9-]{1,256}\z", RegexOptions.CultureInvariant)]
    public static partial Regex HeaderName();

    [GeneratedRegex(@"^[A-Za-z0-9._~+/=-]{1,253}\z", RegexOptions.CultureInvariant)]
    public static partial Regex HeaderValue();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,253}\z", RegexOptions.CultureInvariant)]
    public static partial Regex CookieName();

    [GeneratedRegex(@"^[A-Za-z0-9._~-]{1,253}\z", RegexOptions.CultureInvariant)]
    public static partial Regex CookieValue();

    /// <summary>Registry, repository, tag and digest; the last two may be missing.</summary>
    [GeneratedRegex(
        @"^(([a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\])(:[0-9]{1,5})?/)?" + NamePart + "(/" + NamePart + ")*"
        + @"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?\z",
        RegexOptions.CultureInvariant)]
    public static partial Regex Image();

    [GeneratedRegex(@"@sha256:[a-f0-9]{64}\z", RegexOptions.CultureInvariant)]
    public static partial Regex EndsInDigest();

    [GeneratedRegex(@"^[a-z0-9_.-]+/[a-z0-9_.-]+\z", RegexOptions.CultureInvariant)]
    public static partial Regex ComposerName();

    public static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address is { Scheme: "http" or "https" } && address.Host.Length > 0 && !text.Any(char.IsWhiteSpace);
}
