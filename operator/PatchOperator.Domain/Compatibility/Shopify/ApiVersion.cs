using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Shopify;

/// <summary>A version of Shopify's API: a quarter such as <c>2026-07</c>, or <c>unstable</c>, which is not before or after any quarter.</summary>
public sealed class ApiVersion
{
    private const string UnstableText = "unstable";

    // The first version with a date for a name.
    private static readonly DateOnly First = new(2019, 4, 1);

    private ApiVersion(string text, DateOnly? released)
    {
        Text = text;
        Released = released;
    }

    public string Text { get; }

    /// <summary>The first day of the quarter; null for <c>unstable</c>.</summary>
    public DateOnly? Released { get; }

    /// <summary>A quarter's version is supported for a year; calls that name it after that are answered by the oldest supported one.</summary>
    public DateOnly? SupportedUntil => Released?.AddYears(1);

    /// <summary>On failure <paramref name="error"/> says what to change.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ApiVersion? version, [NotNullWhen(false)] out string? error)
    {
        error = null;
        version = null;
        if (text == UnstableText)
        {
            version = new ApiVersion(text, null);
            return true;
        }

        if (text is not [_, _, _, _, '-', _, _] || !DateOnly.TryParseExact(text, "yyyy-MM", out var month))
        {
            error = $"'{text}' is not a version of Shopify's API: write a quarter such as 2026-07, or unstable.";
            return false;
        }

        if (month.Month % 3 != 1 || month < First)
        {
            error = $"Shopify has no API version '{text}': there is one each quarter since 2019-04, named after its first month, -01, -04, -07 or -10.";
            return false;
        }

        version = new ApiVersion(text, month);
        return true;
    }

    public bool IsSupportedOn(DateOnly day) => Released is null || (Released <= day && day < SupportedUntil);

    public override string ToString() => Text;
}
