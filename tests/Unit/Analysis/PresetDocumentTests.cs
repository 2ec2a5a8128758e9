using System.Text.RegularExpressions;
using PatchOperator.Domain.Analysis;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

/// <summary>Whoever reads a query in the README and asks it gets what the operator gets.</summary>
public sealed partial class PresetDocumentTests
{
    private static readonly string Readme =
        File.ReadAllText(Path.Combine(CrdSchemas.RepositoryRoot, "operator/PatchOperator.Domain/Analysis/Presets/README.md")).Replace("\\|", "|", StringComparison.Ordinal);

    public static TheoryData<string> Names => [.. MetricPresets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_sets_of_series_in_the_README_are_those_of_the_query(string name)
    {
        var service = ServicePattern().Match(Readme).Groups[1].Value;
        var rows = Readme[Readme.IndexOf("| preset | `x` of the total", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(line => line.StartsWith('|'));
        var written = new List<string>();
        var current = "";
        foreach (var row in rows)
        {
            current = RowName().Match(row) is { Success: true } first ? first.Groups[1].Value : current;
            if (current == name)
            {
                written.Add(Series().Match(row).Value.Replace("=~\"P\"", $"=~\"{service}\"", StringComparison.Ordinal));
            }
        }

        Assert.Equal(Asked(MetricPresets.Find(name)!.TotalQuery(bySurface: false)), written);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_histogram_in_the_README_is_the_one_that_is_asked(string name)
    {
        var row = Readme[Readme.IndexOf("| preset | histogram |", StringComparison.Ordinal)..].Split('\n').First(line => line.StartsWith($"| `{name}`", StringComparison.Ordinal)).Split('|');

        Assert.Equal(MetricPresets.Find(name)!.Histogram is { } histogram ? $"`{histogram}`" : "none: endpoints have no times", row[2].Trim());
        Assert.Equal(row[2].Contains("_milliseconds", StringComparison.Ordinal) ? "ms" : row[2].Contains("_seconds", StringComparison.Ordinal) ? "s" : "", row[3].Trim());
    }

    [Fact]
    public void The_form_of_the_query_in_the_README_is_that_of_the_code()
    {
        var query = MetricPresets.Find(MetricPresets.PodMetrics)!.TotalQuery(bySurface: false);

        Assert.Contains(query.Replace(Assert.Single(Asked(query)), "x", StringComparison.Ordinal), Readme, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Asked(string query) => Series().Matches(query).Select(match => match.Value).Distinct(StringComparer.Ordinal);

    // Labels may hold variables, which have braces of their own.
    [GeneratedRegex("""[a-z_]+\{(?:[a-z_]+=~?"[^"]*",?)+\}""")]
    private static partial Regex Series();

    [GeneratedRegex("^\\| `([^`]+)`")]
    private static partial Regex RowName();

    [GeneratedRegex("with `P` = `([^`]+)`")]
    private static partial Regex ServicePattern();
}
