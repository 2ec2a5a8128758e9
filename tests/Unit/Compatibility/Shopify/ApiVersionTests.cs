using PatchOperator.Domain.Compatibility.Shopify;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility.Shopify;

public sealed class ApiVersionTests
{
    [Theory]
    [InlineData("2026-07", "2026-07", true)]
    [InlineData("2026-07", "2026-10", false)]
    [InlineData(">=2026-01 <2026-10", "2026-07", true)]
    [InlineData(">=2026-01 <2026-10", "2026-10", false)]
    [InlineData(">= 2026-01, <2026-10", "2025-10", false)]
    [InlineData("2026-01 - 2026-07", "2026-07", true)]
    [InlineData("<2025-01 || 2026-04", "2026-04", true)]
    [InlineData("!=2026-04", "2026-04", false)]
    [InlineData("*", "unstable", true)]
    [InlineData("unstable", "unstable", true)]
    [InlineData("unstable", "2026-04", false)]
    [InlineData(">=2026-01", "unstable", false)]
    [InlineData("<=2026-01", "unstable", false)]
    [InlineData("!=2026-04", "unstable", true)]
    public void A_version_is_in_the_range_or_not(string range, string version, bool expected) =>
        Assert.Equal(expected, (ApiVersionRange.TryParse(range, out var parsed, out var error) ? parsed : throw new FormatException(error)).IsSatisfiedBy(Version(version)));

    [Theory]
    [InlineData("2026-05", "-01, -04, -07 or -10")]
    [InlineData("2018-10", "since 2019-04")]
    [InlineData("2026-7", "write a quarter")]
    [InlineData("2026-13", "write a quarter")]
    [InlineData("1.2.3", "write a quarter")]
    [InlineData("Unstable", "write a quarter")]
    [InlineData("", "write a quarter")]
    public void What_is_no_version_is_refused_with_advice(string version, string expected)
    {
        Assert.False(ApiVersion.TryParse(version, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-07 ||")]
    [InlineData("^2026-07")]
    [InlineData(">=")]
    [InlineData(">=unstable")]
    [InlineData("2026-05")]
    public void What_is_no_range_is_refused_with_the_range_named(string range)
    {
        Assert.False(ApiVersionRange.TryParse(range, out _, out var error));
        Assert.StartsWith($"The range '{range}' is not one of API versions: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quarter_is_supported_for_a_year()
    {
        var version = Version("2025-10");
        Assert.Equal(new DateOnly(2026, 10, 1), version.SupportedUntil);
        Assert.False(version.IsSupportedOn(new DateOnly(2025, 9, 30)));
        Assert.True(version.IsSupportedOn(new DateOnly(2025, 10, 1)));
        Assert.True(version.IsSupportedOn(new DateOnly(2026, 9, 30)));
        Assert.False(version.IsSupportedOn(new DateOnly(2026, 10, 1)));
        Assert.True(Version("unstable").IsSupportedOn(new DateOnly(2030, 1, 1)));
    }

    private static ApiVersion Version(string text) => ApiVersion.TryParse(text, out var version, out var error) ? version : throw new FormatException(error);
}
