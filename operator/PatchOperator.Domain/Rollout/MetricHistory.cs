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

        // Totals that fell are other counters, such as those of pods that replaced the ones before.
        var since = Read(before) is { } known && known.Total <= counted.Total ? counted + new SeriesPoint(-known.Failures, -known.Total) : counted;
        return since.Total > 0 ? since with { Failures = Math.Clamp(since.Failures, 0, since.Total) } : null;
    }

    private static SeriesPoint? Read(string? counts) =>
        counts?.Split('/') is [var failures, var total]
            ? new SeriesPoint(double.Parse(failures, CultureInfo.InvariantCulture), double.Parse(total, CultureInfo.InvariantCulture))
            : null;
}
