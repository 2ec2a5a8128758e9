using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PatchOperator.Domain.Rollout;

/// <summary>The value of the command <c>waive</c>: <c>acme/module-fraud-check: CHG-20871 until 2026-11-25T09:00:00Z</c>. Without an end, the default holds.</summary>
public sealed record WaiverText(string Module, string Reason, DateTimeOffset? Until)
{
    private const string Ending = " until ";
    private const string Example = "write \"acme/module-fraud-check: reason or ticket\", and if need be \"until 2026-11-25T09:00:00Z\" at its end";

    /// <summary>On failure <paramref name="error"/> says what to write.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out WaiverText? waiver, [NotNullWhen(false)] out string? error)
    {
        waiver = null;

        // Names of Shopify's parts have colons inside; a blank after it makes a colon the end of the name.
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        var module = colon < 0 ? "" : text[..colon].Trim();
        var reason = colon < 0 ? "" : text[(colon + 2)..].Trim();
        DateTimeOffset? until = null;
        var ending = reason.LastIndexOf(Ending, StringComparison.Ordinal);
        if (ending >= 0)
        {
            var written = reason[(ending + Ending.Length)..].Trim();
            if (!DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var end))
            {
                error = $"'{written}' is not a time; {Example}.";
                return false;
            }

            until = end;
            reason = reason[..ending].Trim();
        }

        if (module.Length == 0 || module.Any(char.IsWhiteSpace) || reason.Length == 0)
        {
            error = $"A waiver names one module and a reason; {Example}.";
            return false;
        }

        waiver = new WaiverText(module, reason, until);
        error = null;
        return true;
    }
}
