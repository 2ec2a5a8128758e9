using PatchOperator.Domain.Compatibility.Composer;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility.Composer;

public sealed class ComposerConstraintTests
{
    [Theory]
    [InlineData("2.4.7", "2.4.7-p3", false)]
    [InlineData("<=2.4.7", "2.4.7-p3", false)]
    [InlineData("2.4.6 - 2.4.7", "2.4.7-p3", false)]
    [InlineData("2.4.6 - 2.4", "2.4.7-p3", true)]
    [InlineData("~2.4.7", "2.4.7-p3", true)]
    [InlineData("<2.4.8", "2.4.7-p3", true)]
    [InlineData("<2.4.8", "2.4.8-beta1", false)]
    [InlineData(">=2.4.8", "2.4.8-beta1", true)]
    [InlineData(">2.4.8", "2.4.8-p1", true)]
    [InlineData("^0.3", "0.3.9", true)]
    [InlineData("^0.3", "0.4.0", false)]
    [InlineData("^0.0.3", "0.0.4", false)]
    [InlineData("~1.2", "1.9", true)]
    [InlineData("~1.2.0", "1.3.0", false)]
    [InlineData("2.4.*", "2.4.9-p1", true)]
    [InlineData("!=2.4.7", "2.4.7", false)]
    [InlineData("<>2.4.7", "dev-main", true)]
    [InlineData("*", "dev-main", true)]
    [InlineData("*.*", "dev-main", false)]
    [InlineData("dev-main#4f2c19e", "dev-main", true)]
    [InlineData("main-dev", "dev-main", true)]
    [InlineData(">=dev-main", "dev-main", false)]
    [InlineData("@dev", "1.0", true)]
    [InlineData(">1.0@beta", "1.0", true)]
    [InlineData("1.0.x-dev as 1.0.2", "1.0.x-dev", true)]
    [InlineData(">=1.0,<1.1|2.*", "2.9", true)]
    [InlineData(">= 1.0 < 1.1", "1.1", false)]
    [InlineData(">=2010-01-01", "2010-01-02", true)]
    [InlineData(">=1.0 <dev-odd || >=dev-odd <2.0", "1.5", true)]
    public void A_version_satisfies_what_composer_says(string constraint, string version, bool expected) =>
        Assert.Equal(expected, Parse(constraint).IsSatisfiedBy(ComposerVersion.TryParse(version, out var parsed, out var error) ? parsed : throw new FormatException(error)));

    [Theory]
    [InlineData("", "'*' for any version")]
    [InlineData("^1.0 ||", "nothing on one side of a '|'")]
    [InlineData(">2.0 ||| <=3.0", "nothing on one side of a '|'")]
    [InlineData("~>1.2", "write '~'")]
    [InlineData("~2.0.x", "a wildcard may only end plain numbers")]
    [InlineData("^2.1.2.*", "a wildcard may only end plain numbers")]
    [InlineData("^8 || ^", "'^' in the constraint")]
    [InlineData("1.0  -  2.0", "'-' in the constraint")]
    [InlineData("foo", "write comparisons")]
    public void A_refusal_names_the_part_and_says_what_to_write(string constraint, string expected)
    {
        Assert.False(ComposerConstraint.TryParse(constraint, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("^1.0", ">=1.5", true)]
    [InlineData("^1.0", ">=2.0", false)]
    [InlineData("<=2.0", ">=2.0-stable", true)]
    [InlineData("<2.0", ">2.0", false)]
    [InlineData("1.* || 3.*", "^2.0", false)]
    [InlineData("1.* || 3.*", "!=1.0", true)]
    [InlineData("dev-main", "*", true)]
    [InlineData("dev-main", "!=dev-main", false)]
    [InlineData("dev-main", "<9", false)]
    [InlineData("!=1.0", "dev-main", true)]
    public void Two_constraints_meet_or_not(string left, string right, bool expected)
    {
        Assert.Equal(expected, Parse(left).Intersects(Parse(right)));
        Assert.Equal(expected, Parse(right).Intersects(Parse(left)));
    }

    private static ComposerConstraint Parse(string text) => ComposerConstraint.TryParse(text, out var constraint, out var error) ? constraint : throw new FormatException(error);
}
