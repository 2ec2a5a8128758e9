using System.Collections.Concurrent;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>Something that goes wrong for a whole story between the operator and the API server, always in the same places.</summary>
/// <param name="Name">Shown in reports.</param>
/// <param name="Begin">Lays it on a town; dispose the result to end it.</param>
/// <param name="OutlastsDeadlines">
/// It may last longer than the time a revert has. That the revert was late is then true, and belongs on the trail, as does that stable was restored after all.
/// </param>
internal sealed record Weather(string Name, Func<Town, IAsyncDisposable> Begin, bool OutlastsDeadlines = false)
{
    public static IReadOnlyList<Weather> All { get; } =
    [
        // Of every object, two of three changes lose the race against someone else's.
        new("409 storm", town =>
        {
            var tries = new ConcurrentDictionary<(string, string), int>();
            return Calls((call, _) => call.Verb is "update" or "patch" && tries.AddOrUpdate((call.Resource + call.Subresource, call.Name), 1, (_, n) => n + 1) % 3 != 0 ? Fail(409, "Conflict") : null)(town);
        }),
        new("429 with Retry-After", Calls((_, n) => n % 2 == 0 ? Fail(429, "TooManyRequests", retryAfter: 1) : null)),
        new("500 and 503 in bursts", Calls((_, n) => n % 12 < 5 ? n % 2 == 0 ? Fail(500, "InternalError") : Fail(503, "ServiceUnavailable") : null)),
        new("500 after the effect", Calls(null, (call, n) => call.IsWrite && n % 3 == 0 ? Fail(500, "InternalError") : null)),
        new("requests that hang", Calls((_, n) => n % 11 == 7 ? new FaultAction.Hang() : null, (_, n) => n % 11 == 3 ? new FaultAction.Hang() : null)),
        new("connections cut", Calls((_, n) => n % 5 == 2 ? new FaultAction.CloseConnectionBefore() : null, (_, n) => n % 5 == 4 ? new FaultAction.CloseConnectionAfter() : null)),
        new("dropped watches", Every(TimeSpan.FromSeconds(1.5), town => town.Api.Faults.DropWatches())),
        new("410 on every watch", Every(TimeSpan.FromSeconds(3), town =>
        {
            town.Api.Faults.ExpireWatchesInStream();
            town.Api.Faults.Compact();
        })),
        new("caches 3 s behind", town =>
        {
            town.Api.Faults.DelayWatches(TimeSpan.FromSeconds(3));
            return new FaultRun.Ended(() => Task.CompletedTask);
        }),
        new("API server gone for 2 min in a step", Outage(town => Step(town)?["startedAt"] is not null), OutlastsDeadlines: true),
        new("API server gone for 2 min on the way out", Outage(town => OfInterest(town, "Reverting", "Promoting", "Rejected") || town.Api.Store.List(Town.Patches).Any(p => p["metadata"]!["deletionTimestamp"] is not null)), OutlastsDeadlines: true),
    ];

    public override string ToString() => Name;

    private static Func<Town, IAsyncDisposable> Calls(Func<ApiRequest, int, FaultAction?>? before, Func<ApiRequest, int, FaultAction?>? after = null) => town =>
    {
        var (asked, answered) = (0, 0);
        var first = town.Api.Faults.Before(call => Concerns(call) ? before?.Invoke(call, Interlocked.Increment(ref asked)) : null);
        var second = town.Api.Faults.After(call => Concerns(call) ? after?.Invoke(call, Interlocked.Increment(ref answered)) : null);
        return new FaultRun.Ended(() =>
        {
            first.Dispose();
            second.Dispose();
            return Task.CompletedTask;
        });
    };

    private static Func<Town, IAsyncDisposable> Every(TimeSpan pace, Action<Town> strike) => town =>
    {
        var timer = town.Clock.CreateTimer(_ => strike(town), null, pace, pace);
        return new FaultRun.Ended(async () => await timer.DisposeAsync());
    };

    private static Func<Town, IAsyncDisposable> Outage(Func<Town, bool> begins) => town =>
    {
        var stop = new CancellationTokenSource();
        var outage = RunAsync();
        return new FaultRun.Ended(async () =>
        {
            await stop.CancelAsync();
            await outage;
        });

        async Task RunAsync()
        {
            try
            {
                while (!begins(town))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), town.Clock, stop.Token);
                }

                town.Api.Faults.Outage(true);
                await Task.Delay(TimeSpan.FromMinutes(2), town.Clock, stop.Token);
            }
            catch (OperationCanceledException)
            {
                // The story was over before the outage was.
            }

            town.Api.Faults.Outage(false);
        }
    };

    private static bool Concerns(ApiRequest call) => call.UserAgent.StartsWith("patch-operator", StringComparison.Ordinal);

    private static bool OfInterest(Town town, params string[] phases) =>
        town.Api.Store.List(Town.Patches).Any(p => phases.Contains(p["status"]?["phase"]?.GetValue<string>()));

    private static System.Text.Json.Nodes.JsonNode? Step(Town town) => (town.Api.Store.List(Town.Patches) is [var first, ..] ? first : null)?["status"]?["step"];

    private static FaultAction.Fail Fail(int code, string reason, int? retryAfter = null) =>
        new(code, reason, retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
}
