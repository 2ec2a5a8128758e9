using System.Collections.Concurrent;
using PatchOperator.TestKit;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>One story under one fault: how it ended, and what was seen on the way that must never be seen.</summary>
/// <param name="End">See <see cref="Ending"/>.</param>
/// <param name="Faults">See <see cref="Chronicle"/>.</param>
/// <param name="MissingEvents">Records of the trail that no event tells of: one each must be there unless the API server itself refused it.</param>
internal sealed record FaultRun(string End, IReadOnlyList<string> Faults, int MissingEvents)
{
    /// <summary>Minutes of a story are seconds of the test; more, and a busy machine's pauses look like outages.</summary>
    private const double Speed = 8;

    private static readonly ConcurrentDictionary<string, Lazy<Task<FaultRun>>> Undisturbed = new(StringComparer.Ordinal);

    /// <param name="scenario">What is played.</param>
    /// <param name="begin">Lays the fault on a town whose operator has not started; what it returns ends the fault.</param>
    /// <param name="speed">Of the town's clock.</param>
    public static async Task<FaultRun> PlayAsync(Scenario scenario, Func<Town, Task<IAsyncDisposable>> begin, double speed = Speed)
    {
        await using var town = await Town.FoundAsync(new FastClock(speed));
        await scenario.Before(town);
        using var chronicle = new Chronicle(town);
        string end;
        await using (await begin(town))
        {
            try
            {
                end = await scenario.RunAsync(town);
            }
            catch (Xunit.Sdk.XunitException stuck)
            {
                end = $"stuck: {stuck.Message}";
            }
        }

        return new FaultRun(end, chronicle.Faults, Ending.MissingEvents(town));
    }

    /// <summary>The end that every fault must lead to as well; played once.</summary>
    public static Task<FaultRun> UndisturbedAsync(Scenario scenario) => Undisturbed.GetOrAdd(scenario.Name, _ => new Lazy<Task<FaultRun>>(() => PlayAsync(scenario, async town =>
    {
        await town.StartOperatorAsync();
        return new Ended(() => Task.CompletedTask);
    }))).Value;

    /// <summary>What is lost against the undisturbed run, in words; null when nothing is.</summary>
    public string? LossAgainst(FaultRun undisturbed)
    {
        var lost = new List<string>(Faults);
        if (End != undisturbed.End)
        {
            lost.Add($"it ended as\n{Indent(End)}\ninstead of\n{Indent(undisturbed.End)}");
        }

        return lost.Count == 0 ? null : string.Join("\n", lost);
    }

    private static string Indent(string text) => "    " + text.ReplaceLineEndings("\n    ");

    internal sealed class Ended(Func<Task> end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await end();
    }
}

/// <summary>How much is tried: all of it in CI (FAULTS=full), a fixed part of it in a developer's test run.</summary>
internal static class FaultScope
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("FAULTS") == "full";

    /// <summary>Runs at the same time: they wait more than they compute.</summary>
    public static int AtOnce { get; } = int.TryParse(Environment.GetEnvironmentVariable("FAULTS_AT_ONCE"), out var given) ? given : (IsFull ? 6 : 3) * Environment.ProcessorCount;

    /// <summary>Those whose names contain what FAULTS_SCENARIO says, or all.</summary>
    public static IReadOnlyList<Scenario> Chosen { get; } = [.. Scenarios.All.Where(s => s.Name.Contains(Environment.GetEnvironmentVariable("FAULTS_SCENARIO") ?? "", StringComparison.Ordinal))];

    public static TheoryData<string> ScenarioNames => [.. Chosen.Select(s => s.Name)];
}
