using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Benchmarks;

/// <summary>Decisions of Composer's rules in a second, over the Magento releases and constraints of a file of cases.</summary>
internal static class CompatBenchmark
{
    private const double Budget = 1_000_000;
    private const int Batches = 15;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(200);

    public static void Run(Arguments arguments)
    {
        var file = arguments.Text("cases", "tests/Unit/Compatibility/Data/composer-sample.ndjson");
        var cases = File.ReadLines(file)
            .Select(line => JsonSerializer.Deserialize<string[]>(line)!)
            .Where(values => values[0] == "s" && values[3] is not null)
            .Select(values => (Version: values[1], Constraint: values[2]))
            .ToArray();
        var parsed = cases.Select(each => (Version: Version(each.Version), Constraint: Constraint(each.Constraint))).ToArray();

        Console.WriteLine($"{cases.Length} pairs, one thread, median of {Batches} batches");
        Measure("decide, both parsed", cases.Length, Budget, () =>
        {
            var satisfied = 0;
            foreach (var (version, constraint) in parsed)
            {
                satisfied += constraint.IsSatisfiedBy(version) ? 1 : 0;
            }

            return satisfied;
        });
        Measure("parse the version and decide", cases.Length, null, () =>
        {
            var satisfied = 0;
            for (var i = 0; i < cases.Length; i++)
            {
                satisfied += parsed[i].Constraint.IsSatisfiedBy(Version(cases[i].Version)) ? 1 : 0;
            }

            return satisfied;
        });
        Measure("parse both and decide", cases.Length, null, () =>
        {
            var satisfied = 0;
            foreach (var (version, constraint) in cases)
            {
                satisfied += Constraint(constraint).IsSatisfiedBy(Version(version)) ? 1 : 0;
            }

            return satisfied;
        });
    }

    private static void Measure(string name, int decisions, double? budget, Func<int> run)
    {
        var warm = Stopwatch.StartNew();
        while (warm.Elapsed < TimeSpan.FromSeconds(2))
        {
            run();
        }

        var perSecond = Statistics.Median(Enumerable.Range(0, Batches).Select(_ =>
        {
            var rounds = 0;
            var before = ThreadTime.Now();
            TimeSpan spent;
            do
            {
                run();
                rounds++;
                spent = ThreadTime.Now() - before;
            }
            while (spent < BatchTime);
            return rounds * decisions / spent.TotalSeconds;
        }));
        var verdict = budget is null ? "-" : perSecond >= budget ? "within" : "OVER";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32} {perSecond,14:N0} decisions a second of CPU   {verdict}"));
    }

    private static ComposerVersion Version(string text) => ComposerVersion.TryParse(text, out var version, out var error) ? version : throw new FormatException(error);

    private static ComposerConstraint Constraint(string text) => ComposerConstraint.TryParse(text, out var constraint, out var error) ? constraint : throw new FormatException(error);
}
