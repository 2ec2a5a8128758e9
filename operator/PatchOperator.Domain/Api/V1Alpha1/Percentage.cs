using System.Globalization;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>Rates as users write them, <c>"2%"</c>, and as people read them.</summary>
public static class Percentage
{
    public const string Pattern = "^(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$";

    /// <param name="text"><c>"0.5%"</c>.</param>
    /// <param name="rate">0 to 1.</param>
    public static bool TryParse(string? text, out double rate)
    {
        rate = 0;
        if (text is null || !text.EndsWith('%')
            || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent)
            || percent is < 0 or > 100)
        {
            return false;
        }

        rate = percent / 100;
        return true;
    }

    /// <summary>Two digits after the point at most: <c>20%</c>, <c>0.35%</c>.</summary>
    public static string Format(double rate) => (rate * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%";
}
