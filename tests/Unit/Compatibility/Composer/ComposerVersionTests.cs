using PatchOperator.Domain.Compatibility.Composer;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility.Composer;

public sealed class ComposerVersionTests
{
    [Theory]
    [InlineData("2.4.7-p3", "2.4.7.0-patch3")]
    [InlineData("v1.0.0", "1.0.0.0")]
    [InlineData("1.0.0.RC.15-dev", "1.0.0.0-RC15-dev")]
    [InlineData("1.0-BETA2", "1.0.0.0-beta2")]
    [InlineData("1.0.", "1.0.0.0")]
    [InlineData("2.4.x-dev", "2.4.9999999.9999999-dev")]
    [InlineData("2.4.*-dev", "2.4.9999999.9999999-dev")]
    [InlineData("2010-01-02", "2010.01.02")]
    [InlineData("20100102-203040-p1", "20100102.203040-patch1")]
    [InlineData("1.0.0+build.5", "1.0.0.0")]
    [InlineData("1.0@beta", "1.0.0.0")]
    [InlineData("dev-main#4f2c19e", "dev-main#4f2c19e")]
    [InlineData("DEV-main", "dev-main")]
    [InlineData("master", "dev-master")]
    [InlineData("dev-main as 1.0.0", "dev-main")]
    [InlineData("  1.0\t", "1.0.0.0")]
    public void A_version_has_one_spelling(string text, string expected)
    {
        Assert.True(ComposerVersion.TryParse(text, out var version, out _));
        Assert.Equal(expected, version.Normalized);
        Assert.Equal(text, version.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("feature-foo")]
    [InlineData("feature-dev")]
    [InlineData("1.0.0-foo")]
    [InlineData("1.2.3.4.5")]
    [InlineData("12345678901234567890123")]
    [InlineData("20100102.0.3.4")]
    [InlineData("1.0.0-dev<1.0.5-dev")]
    [InlineData("as 1.2")]
    [InlineData("^1.0")]
    [InlineData("１.0")]
    public void What_composer_refuses_is_refused_with_advice(string text)
    {
        Assert.False(ComposerVersion.TryParse(text, out var version, out var error));
        Assert.Null(version);
        Assert.Contains("write", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_branch_that_is_aliased_must_be_marked_as_one()
    {
        Assert.False(ComposerVersion.TryParse("main as 1.0.0", out _, out var error));
        Assert.Contains("'dev-' before its name", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Patches_sort_above_their_release_and_unfinished_versions_below()
    {
        string[] expected =
        [
            "dev-a", "dev-b", "1.0-dev", "1.0-alpha", "1.0-beta1", "1.0-beta2", "1.0-beta10", "1.0-RC1", "1.0", "1.0-p1", "1.0-p1.1", "1.0-p2", "1.0-p10",
            "1.0.0.1", "1.0.1-dev", "1.0.1", "1.0.x-dev", "1.1", "2010-01-02", "dev-master", "20100102",
        ];
        var sorted = expected.Reverse().Select(text => ComposerVersion.TryParse(text, out var version, out _) ? version : null!).Order(ComposerVersion.OldestFirst);
        Assert.Equal(expected, sorted.Select(version => version.Text));
    }

    [Fact]
    public void Numbers_without_bounds_are_compared_without_error()
    {
        Assert.True(ComposerVersion.TryParse("1.99999999999999999999", out var left, out _));
        Assert.True(ComposerVersion.TryParse("1.99999999999999999998", out var right, out _));
        Assert.Equal(0, left.CompareTo(right));
    }
}
