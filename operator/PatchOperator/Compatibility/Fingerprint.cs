using System.Security.Cryptography;
using System.Text;

namespace PatchOperator.Compatibility;

internal static class Fingerprint
{
    /// <summary>32 hexadecimal digits that differ where the text does.</summary>
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
}
