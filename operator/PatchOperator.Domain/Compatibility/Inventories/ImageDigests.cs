using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

internal static partial class ImageDigests
{
    /// <summary>The digest in a version, an image reference or a package URL, where the colon may be escaped.</summary>
    public static string? Find(string? text) =>
        text is not null && Digest().Match(text) is { Success: true } match ? "sha256:" + match.Groups[1].Value : null;

    [GeneratedRegex("sha256(?::|%3[Aa])([0-9a-f]{64})(?![0-9a-f])", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();
}
