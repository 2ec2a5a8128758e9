using System.Security.Cryptography;
using System.Text;

namespace PatchOperator.Domain.Compatibility.Import;

internal static class ObjectNames
{
    private const int Longest = 63;
    private const int HashLength = 8;

    /// <summary>A name for an object: lower case, dashes for all else; what is too long ends in a hash of the whole.</summary>
    public static string From(string text)
    {
        var name = new StringBuilder();
        foreach (var letter in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(letter);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        var slug = name.ToString().Trim('-');
        return slug.Length is > 0 and <= Longest ? slug : WithHash(slug, text);
    }

    /// <summary>Tells apart what would have the same name.</summary>
    public static string WithHash(string slug, string text)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..HashLength];
        return $"{slug[..Math.Min(slug.Length, Longest - HashLength - 1)].TrimEnd('-')}-{hash}".TrimStart('-');
    }
}
