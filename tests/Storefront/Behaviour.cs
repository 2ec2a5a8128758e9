using System.Collections.Concurrent;
using System.Globalization;

namespace Storefront;

/// <summary>Which paths fail and which are slow; can be changed while requests run.</summary>
internal sealed class Behaviour(bool deterministic, int seed)
{
    private readonly ConcurrentDictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly Random random = new(seed);
    private readonly Lock gate = new();
    private volatile IReadOnlyDictionary<string, Failure> failures = new Dictionary<string, Failure>();
    private volatile IReadOnlyDictionary<string, TimeSpan> delays = new Dictionary<string, TimeSpan>();

    public sealed record Failure(double Rate, int Status);

    /// <param name="fail"><c>/checkout=20%:500,/graphql=5%:503</c>; empty for none.</param>
    public void SetFailures(string fail) => failures = Entries(fail).ToDictionary(
        e => e.Path,
        e =>
        {
            var parts = e.Value.Split(':');
            return parts is [var rate, ..] && rate.EndsWith('%')
                && double.TryParse(rate.AsSpan(0, rate.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100
                && int.TryParse(parts.Length > 1 ? parts[1] : "500", out var status) && status is >= 400 and <= 599
                ? new Failure(percent / 100, status)
                : throw new SettingsException($"Failure '{e.Path}={e.Value}': expected PATH=RATE%:STATUS, for example /checkout=20%:500.");
        },
        StringComparer.Ordinal);

    /// <param name="slow"><c>/graphql=800ms</c>; empty for none.</param>
    public void SetDelays(string slow) => delays = Entries(slow).ToDictionary(e => e.Path, e => ParseSpan(e.Value), StringComparer.Ordinal);

    public int StatusOf(string path)
    {
        if (!failures.TryGetValue(path, out var failure) || failure.Rate <= 0)
        {
            return 200;
        }

        return Fails(path, failure.Rate) ? failure.Status : 200;
    }

    public TimeSpan DelayOf(string path) => delays.GetValueOrDefault(path);

    public IEnumerable<int> Statuses => failures.Values.Select(f => f.Status);

    public static TimeSpan ParseSpan(string text)
    {
        var (number, unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1.0) : text.EndsWith('s') ? (text[..^1], 1000.0) : ("", 0);
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? TimeSpan.FromMilliseconds(value * unit)
            : throw new SettingsException($"Duration '{text}': expected for example 800ms or 2s.");
    }

    /// <summary>Deterministic: with a rate of 20 % the 5th, 10th, … request of the path fails, so that a test can count.</summary>
    private bool Fails(string path, double rate)
    {
        if (deterministic)
        {
            var n = counts.AddOrUpdate(path, 1, (_, c) => c + 1);
            return Math.Floor(n * rate) > Math.Floor((n - 1) * rate);
        }

        lock (gate)
        {
            return random.NextDouble() < rate;
        }
    }

    private static IEnumerable<(string Path, string Value)> Entries(string text) => text
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(entry => entry.LastIndexOf('=') is var at and > 0
            ? (entry[..at], entry[(at + 1)..])
            : throw new SettingsException($"'{entry}': expected PATH=VALUE."));
}
