using System.Globalization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>Keeps a metric's series in the status: what was counted since the last measurement goes to the stretch of now.</summary>
internal static class MetricHistory
{
    /// <param name="last">The metric's status after the measurement before; null at the first of a run.</param>
    /// <param name="current">The metric's status after this one, without its series.</param>
    /// <param name="interval">Time between measurements; a shorter stretch would only have gaps.</param>
    /// <param name="now">The time of this measurement.</param>
    public static SeriesStatus Extend(MetricStatus? last, MetricStatus current, TimeSpan interval, DateTimeOffset now)
    {
        var series = last?.Series ?? new SeriesStatus { StartedAt = now, Seconds = Math.Max(1, (int)Math.Ceiling(interval.TotalSeconds)), Canary = "" };
        var index = Index(series, now);
        while (index >= MetricSeries.MostPoints)
        {
            series = series with
            {
                Seconds = series.Seconds * 2,
                Canary = MetricSeries.Halve(series.Canary),
                Stable = series.Stable is null ? null : MetricSeries.Halve(series.Stable),
            };
            index = Index(series, now);
        }

        return series with
        {
            Canary = MetricSeries.Add(series.Canary, index, Counted(last?.CanaryCounts, current.CanaryCounts)),
            Stable = current.StableCounts is null ? series.Stable : MetricSeries.Add(series.Stable, index, Counted(last?.StableCounts, current.StableCounts)),
            FailedAt = series.FailedAt ?? (current.Verdict == nameof(Verdict.Fail) ? now : null),
        };
    }

    private static int Index(SeriesStatus series, DateTimeOffset now) => (int)Math.Clamp((now - series.StartedAt).TotalSeconds / Math.Max(1, series.Seconds), 0, 1e6);

    private static SeriesPoint? Counted(string? before, string? after)
    {
        if (Read(after) is not { Total: > 0 } counted)
        {
            return null;
        }

        // Counts that fell are extrapolated, or are of other pods than before: which of them were counted already is unknown, and to count none twice, it goes on from here.
        var since = Read(before) is not { } known ? counted
            : CounterReset.Happened(counted, known) ? default
            : new SeriesPoint(Math.Max(0, counted.Failures - known.Failures), counted.Total - known.Total);
        return since.Total > 0 ? since with { Failures = Math.Min(since.Failures, since.Total) } : null;
    }

    /// <summary>Null also where someone edited the status: that is no reason to stop deciding.</summary>
    private static SeriesPoint? Read(string? counts) =>
        counts?.Split('/') is [var failures, var total] && Number(failures) is { } bad && Number(total) is { } all ? new SeriesPoint(bad, all) : null;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
