using System.Text.RegularExpressions;
using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class SurfacesTests
{
    [Theory]
    [InlineData(Surfaces.Checkout, "/checkout", true)]
    [InlineData(Surfaces.Checkout, "/checkout/cart/add", true)]
    [InlineData(Surfaces.Checkout, "/checkout-help", false)]
    [InlineData(Surfaces.Checkout, "/en/checkout", false)]
    [InlineData(Surfaces.Checkout, "/rest/V1/guest-carts/aBc123/totals-information", true)]
    [InlineData(Surfaces.Checkout, "/rest/de/V1/carts/mine/shipping-information", true)]
    [InlineData(Surfaces.Payment, "/rest/default/V1/carts/mine/payment-information", true)]
    [InlineData(Surfaces.Payment, "/rest/V1/guest-carts/aBc123/order", true)]
    [InlineData(Surfaces.Payment, "/rest/V1/orders", false)]
    [InlineData(Surfaces.AccountDashboard, "/customer/account", true)]
    [InlineData(Surfaces.AccountDashboard, "/sales/order/history", true)]
    [InlineData(Surfaces.AccountDashboard, "/customers", false)]
    [InlineData(Surfaces.Onboarding, "/customer/account/createpost", true)]
    [InlineData(Surfaces.Onboarding, "/rest/V1/customers", true)]
    [InlineData(Surfaces.Onboarding, "/rest/V1/customers/search", false)]
    public void A_surface_has_the_paths_that_its_visitors_call(string surface, string path, bool expected) =>
        Assert.Equal(expected, Surfaces.PathsOf(surface).Any(pattern => Regex.IsMatch(path, $@"\A(?:{Surfaces.Pattern(pattern)})\z", RegexOptions.NonBacktracking)));

    [Theory]
    [InlineData("/kasse", "/kasse")]
    [InlineData("/kasse/**", "/kasse(/.*)?")]
    [InlineData("/api/*/basket", "/api/[^/]+/basket")]
    [InlineData("/a.b+(c)", @"/a\.b\+\(c\)")]
    [InlineData("/**", "(/.*)?")]
    public void A_path_becomes_an_exact_pattern(string path, string expected) => Assert.Equal(expected, Surfaces.Pattern(path));
}
