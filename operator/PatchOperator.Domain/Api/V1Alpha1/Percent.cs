using System.Globalization;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>A share as users write it, <c>2%</c> or <c>0.5%</c>: Kubernetes' API forbids floating point.</summary>
public static partial class Percent
{
    /// <param name="text">What the user wrote.</param>
    /// <param name="share">0 to 1.</param>
    public static bool TryParse(string? text, out double share)
    {
        share = 0;
        if (text is null || !Shape().IsMatch(text))
        {
            return false;
        }

        share = double.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture) / 100;
        return true;
    }

    /// <summary>Two digits after the point at most: <c>20%</c>, <c>0.35%</c>.</summary>
    /// <param name="share">0 to 1.</param>
    public static string Format(double share) => (share * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    [GeneratedRegex(@"^(100(\.0{1,3})?|[0-9]{1,2}(\.[0-9]{1,4})?)%\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
