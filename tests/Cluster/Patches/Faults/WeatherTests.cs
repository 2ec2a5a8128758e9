using System.Collections.Concurrent;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>Every scenario under everything that can go wrong with the API server: late perhaps, but the same end.</summary>
public sealed class WeatherTests(ITestOutputHelper output)
{
    /// <summary>Of all scenarios, a developer's run plays one in so many under each weather.</summary>
    private const int Thinning = 4;

    public static TheoryData<string> WeatherNames => [.. Weather.All.Select(w => w.Name).Where(n => n.Contains(Environment.GetEnvironmentVariable("FAULTS_WEATHER") ?? "", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(WeatherNames))]
    public async Task Bad_weather_changes_no_end(string name)
    {
        var weather = Weather.All.Single(w => w.Name == name);
        var offset = name.Sum(c => c) % Thinning;
        var scenarios = FaultScope.Chosen.Where((_, i) => FaultScope.IsFull || i % Thinning == offset).ToArray();
        var losses = new ConcurrentBag<string>();
        var calls = 0;
        await Parallel.ForEachAsync(scenarios, new ParallelOptions { MaxDegreeOfParallelism = FaultScope.AtOnce }, async (scenario, _) =>
        {
            var undisturbed = await FaultRun.UndisturbedAsync(scenario);
            var run = await FaultRun.PlayAsync(scenario, async town =>
            {
                var ending = weather.Begin(town);
                await town.StartOperatorAsync();
                return new FaultRun.Ended(async () =>
                {
                    Interlocked.Add(ref calls, town.Api.Requests.All.Count);
                    await ending.DisposeAsync();
                });
            });
            if (weather.OutlastsDeadlines)
            {
                run = run with { End = run.End.Replace(" RevertStuck StableRestored", "", StringComparison.Ordinal) };
            }

            if (run.LossAgainst(undisturbed) is { } loss)
            {
                losses.Add($"{scenario} under {weather}: {loss}");
            }
        });
        output.WriteLine($"{weather}: {scenarios.Length} scenarios, {calls} calls, {losses.Count} lost");
        FaultReport.Add("Bad weather", ["Fault", "Scenarios", "API calls", "Lost"], name, $"{scenarios.Length}", $"{calls}", $"{losses.Count}");
        Assert.True(losses.IsEmpty, string.Join("\n\n", losses));
    }
}
