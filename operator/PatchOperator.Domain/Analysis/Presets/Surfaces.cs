using System.Text;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// The parts of a shop that money and personal data go through, as sets of paths. The built-in sets are Magento's; a spec may replace each.
/// </summary>
/// <remarks>
/// A path is taken as metrics carry it, without a query: <c>*</c> stands for anything within one segment, and <c>/**</c> at the end for
/// the path itself and everything below it. GraphQL has one path for everything, so no set contains it: probe it instead.
/// </remarks>
public static class Surfaces
{
    public const string Checkout = "Checkout";
    public const string Payment = "Payment";
    public const string AccountDashboard = "AccountDashboard";
    public const string Onboarding = "Onboarding";

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> BuiltIn = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
    {
        // The store's code stands between /rest and /V1, or is left out.
        [Checkout] =
        [
            "/checkout/**",
            "/rest/V1/carts/mine/totals-information", "/rest/*/V1/carts/mine/totals-information",
            "/rest/V1/carts/mine/shipping-information", "/rest/*/V1/carts/mine/shipping-information",
            "/rest/V1/guest-carts/*/totals-information", "/rest/*/V1/guest-carts/*/totals-information",
            "/rest/V1/guest-carts/*/shipping-information", "/rest/*/V1/guest-carts/*/shipping-information",
        ],
        [Payment] =
        [
            "/rest/V1/carts/mine/payment-information", "/rest/*/V1/carts/mine/payment-information",
            "/rest/V1/carts/mine/order", "/rest/*/V1/carts/mine/order",
            "/rest/V1/guest-carts/*/payment-information", "/rest/*/V1/guest-carts/*/payment-information",
            "/rest/V1/guest-carts/*/order", "/rest/*/V1/guest-carts/*/order",
        ],
        [AccountDashboard] = ["/customer/**", "/sales/order/history/**"],
        [Onboarding] = ["/customer/account/create/**", "/customer/account/createpost/**", "/rest/V1/customers", "/rest/*/V1/customers"],
    };

    public static IReadOnlyList<string> Names { get; } = [Checkout, Payment, AccountDashboard, Onboarding];

    /// <summary>The built-in paths of a surface.</summary>
    public static IReadOnlyList<string> PathsOf(string surface) => BuiltIn.GetValueOrDefault(surface) ?? [];

    /// <summary>A regular expression (RE2 and .NET) for one path; it is meant to be anchored at both ends.</summary>
    public static string Pattern(string path)
    {
        var below = path.EndsWith("/**", StringComparison.Ordinal);
        var pattern = new StringBuilder();
        foreach (var character in below ? path.AsSpan(0, path.Length - 3) : path)
        {
            if (character == '*')
            {
                pattern.Append("[^/]+");
                continue;
            }

            if (@"\.+?()|[]{}^$".Contains(character, StringComparison.Ordinal))
            {
                pattern.Append('\\');
            }

            pattern.Append(character);
        }

        return below ? pattern.Append("(/.*)?").ToString() : pattern.ToString();
    }
}
