using System.Text.Json;
using PatchOperator.Domain.Compatibility.Npm;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility.Npm;

public sealed class NpmRangeTests
{
    [Fact]
    public void All_answers_are_those_of_npm()
    {
        var wrong = new List<string>();
        var cases = 0;
        foreach (var line in TestData.Lines("npm-cases.ndjson"))
        {
            var isVersion = NpmVersion.TryParse(line[0].GetString()!, out var version, out _);
            var isRange = NpmRange.TryParse(line[1].GetString()!, out var range, out _);
            bool? satisfied = isVersion && isRange ? range!.IsSatisfiedBy(version!) : null;
            bool? expected = line[2].ValueKind == JsonValueKind.Null ? null : line[2].GetBoolean();
            cases++;
            if (isVersion != line[3].GetBoolean() || isRange != line[4].GetBoolean() || satisfied != expected)
            {
                wrong.Add(line.GetRawText());
            }
        }

        Assert.True(cases > 700);
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("^1.2.3", "1.9.0", true)]
    [InlineData("^1.2.3", "2.0.0", false)]
    [InlineData("^1.2.3", "1.2.2", false)]
    [InlineData("^0.2.3", "0.3.0", false)]
    [InlineData("^0.0.3", "0.0.4", false)]
    [InlineData("^0.0", "0.0.9", true)]
    [InlineData("^0.x", "0.9.0", true)]
    [InlineData("~1.2.3", "1.2.9", true)]
    [InlineData("~1.2", "1.3.0", false)]
    [InlineData("~>1", "1.9.0", true)]
    [InlineData("1.x", "1.4.2", true)]
    [InlineData("1.2.*", "1.3.0", false)]
    [InlineData("", "4.0.0", true)]
    [InlineData("*", "4.0.0", true)]
    [InlineData("1.2 - 2.3", "2.3.9", true)]
    [InlineData("1.2 - 2.3.4", "2.3.9", false)]
    [InlineData(">1.2", "1.2.9", false)]
    [InlineData("<=1.2", "1.2.9", true)]
    [InlineData(">= 1.0.0 < 1.5 || 3.x", "3.1.0", true)]
    [InlineData("=v1.2.3", "v1.2.3", true)]
    [InlineData("1.2.3", "1.2.3+build.7", true)]
    [InlineData(">*", "1.0.0", false)]
    public void A_version_is_in_the_range_or_not(string range, string version, bool expected) =>
        Assert.Equal(expected, Range(range).IsSatisfiedBy(Version(version)));

    [Theory]
    [InlineData(">=1.0.0", "2.0.0-beta", false)]
    [InlineData("*", "1.0.0-beta", false)]
    [InlineData("^1.2.3-beta.2", "1.2.3-beta.10", true)]
    [InlineData("^1.2.3-beta.2", "1.2.4-beta.10", false)]
    [InlineData("^1.2.3-beta.2", "1.2.3-alpha", false)]
    [InlineData("<2.0.0", "2.0.0-rc.1", false)]
    public void A_pre_release_is_in_only_where_its_release_is_named_with_one(string range, string version, bool expected) =>
        Assert.Equal(expected, Range(range).IsSatisfiedBy(Version(version)));

    [Theory]
    [InlineData("latest")]
    [InlineData("1.2.3.4")]
    [InlineData("^01.2")]
    [InlineData("1.2-beta")]
    [InlineData(">=1.0<2.0")]
    [InlineData("1.0,2.0")]
    [InlineData("!=1.0.0")]
    [InlineData("git+https://example.com/a.git")]
    public void What_npm_refuses_is_refused_with_advice(string range)
    {
        Assert.False(NpmRange.TryParse(range, out _, out var error));
        Assert.Contains("write comparisons", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2")]
    [InlineData("1.2.3.4")]
    [InlineData("01.2.3")]
    [InlineData("1.2.3-01")]
    [InlineData("dev-main")]
    [InlineData("2.4.7-")]
    [InlineData("9007199254740992.0.0")]
    public void What_is_no_version_is_refused_with_advice(string version)
    {
        Assert.False(NpmVersion.TryParse(version, out _, out var error));
        Assert.Contains("write three numbers", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Versions_sort_with_pre_releases_before_their_release()
    {
        string[] expected = ["1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0", "2.0.0"];
        Assert.Equal(expected, expected.Reverse().Select(Version).Order(NpmVersion.OldestFirst).Select(version => version.Text));
    }

    private static NpmVersion Version(string text) => NpmVersion.TryParse(text, out var version, out var error) ? version : throw new FormatException(error);

    private static NpmRange Range(string text) => NpmRange.TryParse(text, out var range, out var error) ? range : throw new FormatException(error);
}
