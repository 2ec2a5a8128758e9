using PatchOperator.Demo.Worlds;
using PatchOperator.TestKit.Traffic;

namespace PatchOperator.Demo;

/// <summary>What shoppers got from one version of the shop.</summary>
internal sealed record VersionTraffic(string Version, long Answers, long Failed, bool IsTrusted);

/// <param name="Versions">In the order in which shoppers met them.</param>
/// <param name="Unanswered">Requests that no version answered; nobody may be blamed for them but the roll-out.</param>
/// <param name="FailedOnStable">Failures of versions that were in production already, and the unanswered.</param>
internal sealed record ShopView(IReadOnlyList<VersionTraffic> Versions, long Unanswered, long FailedOnStable, long Answers, double Rate, IReadOnlyList<FailedRequest> FailuresOnStable);

/// <summary>Shoppers at a steady rate, and what each version of the shop did to them.</summary>
internal sealed class ShopTraffic : IAsyncDisposable
{
    private const double RequestsPerSecond = 60;
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(20);

    private readonly LoadGenerator _load;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sampling;
    private readonly Lock _gate = new();
    private readonly List<string> _order = [];
    private readonly Dictionary<string, (long Answers, DateTimeOffset LastSeen)> _seen = [];
    private readonly HashSet<string> _trusted = [];

    public ShopTraffic(IWorld world)
    {
        _load = LoadGenerator.Start(world.Shop, new() { RequestsPerSecond = RequestsPerSecond, NewConnectionPerRequest = world.BalancesByConnection });
        _sampling = Task.Run(SampleAsync);
    }

    /// <summary>Every version met so far is in production: from now on a failure of one of them counts against the roll-out.</summary>
    public void TrustWhatServesNow()
    {
        lock (_gate)
        {
            _trusted.UnionWith(_seen.Keys);
        }
    }

    /// <summary>Answers of versions that came after <see cref="TrustWhatServesNow"/>: from the first failure to the last answer at all.</summary>
    public TimeSpan? Exposure()
    {
        lock (_gate)
        {
            var load = _load.Snapshot();
            Note(load);
            var first = load.Failures.FirstOrDefault(failure => failure.Version is { } version && !_trusted.Contains(version));
            return first is null ? null : _seen[first.Version!].LastSeen - (first.At + first.Elapsed);
        }
    }

    public ShopView Look()
    {
        var load = _load.Snapshot();
        lock (_gate)
        {
            Note(load);
            var failed = load.Failures.Where(failure => failure.Version is not null).CountBy(failure => failure.Version!).ToDictionary();
            var blamed = load.Failures.Where(failure => failure.Version is not { } version || _trusted.Contains(version)).ToList();
            return new(
                [.. _order.Select(version => new VersionTraffic(version, _seen[version].Answers, failed.GetValueOrDefault(version), _trusted.Contains(version)))],
                load.Failures.Count(failure => failure.Version is null),
                blamed.Count,
                load.Succeeded + load.Failed,
                load.Rate,
                blamed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sampling;
        await _load.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(SampleInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                var load = _load.Snapshot();
                lock (_gate)
                {
                    Note(load);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Note(LoadSnapshot load)
    {
        foreach (var (version, answers) in load.Versions)
        {
            if (!_seen.TryGetValue(version, out var before))
            {
                _order.Add(version);
            }

            if (answers > before.Answers)
            {
                _seen[version] = (answers, DateTimeOffset.UtcNow);
            }
        }
    }
}
