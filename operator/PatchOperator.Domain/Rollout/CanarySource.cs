using System.Security.Cryptography;
using System.Text;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>Names what a canary was made from, so that a change of stable's template is seen and an operator upgrade is not.</summary>
public static class CanarySource
{
    public static string Of(string templateDigest, IReadOnlyList<ImageRecord> images)
    {
        var text = templateDigest + "\n" + string.Join("\n", images.OrderBy(i => i.Container, StringComparer.Ordinal).Select(i => $"{i.Container}={i.Image}"));
        return "v1:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
