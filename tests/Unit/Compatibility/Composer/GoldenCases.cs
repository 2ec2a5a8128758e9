using System.Text.Json;
using PatchOperator.Domain.Compatibility.Composer;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility.Composer;

/// <summary>What PHP answers; see Data/README.md.</summary>
public sealed class GoldenCases
{
    [Theory]
    [InlineData("composer-cases.ndjson")]
    [InlineData("composer-sample.ndjson")]
    public void All_answers_are_those_of_composer(string file)
    {
        var cases = 0;
        var wrong = new List<string>();
        foreach (var line in TestData.Lines(file))
        {
            var values = line.EnumerateArray().Select(value => value.GetString()).ToArray();
            var answer = Answer(values[0]!, values[1]!, values.Length > 3 ? values[2]! : "");
            cases++;
            if (answer != values[^1])
            {
                wrong.Add($"{line.GetRawText()} but {JsonSerializer.Serialize(answer)}");
            }
        }

        Assert.True(cases > 3000);
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_releases_of_all_quality_patches_follow_from_their_constraints()
    {
        var lines = TestData.Lines("magento-quality-patches.ndjson").ToArray();
        var releases = lines[0].GetProperty("releases").EnumerateArray()
            .Select(release => (Name: release[0].GetString(), Packages: release[1].EnumerateObject().ToDictionary(each => each.Name, each => Version(each.Value.GetString()!))))
            .ToArray();
        var pairs = 0;
        var wrong = new List<string>();
        foreach (var patch in lines.Skip(1).Where(patch => patch[2].ValueKind == JsonValueKind.String))
        {
            var mask = UInt128.Parse(patch[2].GetString()!, System.Globalization.NumberStyles.HexNumber);
            var constraints = patch[1].EnumerateArray().Select(each => (Package: each[0].GetString()!, Constraint: Constraint(each[1].GetString()!))).ToArray();
            for (var i = 0; i < releases.Length; i++)
            {
                var expected = ((mask >> (releases.Length - 1 - i)) & 1) == 1;
                var applies = constraints.Any(each => releases[i].Packages.TryGetValue(each.Package, out var version) && each.Constraint.IsSatisfiedBy(version));
                pairs++;
                if (applies != expected)
                {
                    wrong.Add($"{patch[0]} on {releases[i].Name}: {applies}");
                }
            }
        }

        Assert.Equal(111_180, pairs);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Magento_releases_sort_as_composer_sorts_them()
    {
        var expected = TestData.Text("magento-releases.txt").ToArray();
        var sorted = expected.OrderBy(text => text, StringComparer.Ordinal).Select(Version).Order(ComposerVersion.OldestFirst).Select(version => version.Text);
        Assert.Equal(expected, sorted);
        Assert.Equal(102, expected.Length);
    }

    private static string? Answer(string kind, string first, string second) => kind switch
    {
        "v" => ComposerVersion.TryParse(first, out var version, out _) ? $"{version.Normalized} {(int)version.Stability}" : null,
        "V" => ComposerVersion.TryParse(first, out var version, out _) ? version.Normalized : null,
        "c" => ComposerConstraint.TryParse(first, out var constraint, out _) ? constraint.Comparisons : null,
        "b" => ComposerVersion.NormalizeBranch(first),
        "n" => ComposerVersion.NumericAliasPrefix(first),
        "s" => ComposerVersion.TryParse(first, out var version, out _) && ComposerConstraint.TryParse(second, out var constraint, out _)
            ? constraint.IsSatisfiedBy(version) ? "1" : "0"
            : null,
        "i" => ComposerConstraint.TryParse(first, out var left, out _) && ComposerConstraint.TryParse(second, out var right, out _)
            ? left.Intersects(right) ? "1" : "0"
            : null,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static ComposerVersion Version(string text) => ComposerVersion.TryParse(text, out var version, out var error) ? version : throw new FormatException(error);

    private static ComposerConstraint Constraint(string text) => ComposerConstraint.TryParse(text, out var constraint, out var error) ? constraint : throw new FormatException(error);
}
