using System.Globalization;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Slow requests out of all, from a histogram: all requests less those in the bucket that ends at the limit. A histogram without that bucket
/// gives no numbers, rather than a canary whose every request is fast, or slow.
/// </summary>
internal static class LatencyQueries
{
    private const string Everything = "le=\"+Inf\"";

    public static MetricQueries Of(LatencySpec latency, Preset? preset, MetricQueries queries)
    {
        var bySurface = queries.Paths.Count > 0;
        var histogram = preset?.Histogram ?? latency.Histogram!;
        var fast = $"le=~\"{Bounds(histogram, latency.SlowerThan.OrElse(TimeSpan.Zero))}\"";
        var bucket = histogram + "_bucket";
        if (queries.Source == MetricSource.PodMetrics)
        {
            var paths = bySurface ? "path=~\"{{ paths }}\"," : "";
            return queries with { Failures = $"{bucket}{{{paths}{fast}}}", Total = $"{bucket}{{{paths}{Everything}}}", CountsTheRest = true };
        }

        IReadOnlyList<SeriesText> series = preset?.HistogramSeries(bySurface)
            ?? [new SeriesText(bucket, """namespace="{{ namespace }}",pod=~"{{ pods }}" """).With(bySurface, "path=~\"{{ paths }}\"")];
        var quick = PromQlGrowth.Of([.. series.Select(one => one.With(fast))]);
        var all = PromQlGrowth.Of([.. series.Select(one => one.With(Everything))]);
        return queries with { Failures = $"clamp_min({all} - {quick}, 0)", Total = $"{all} and {quick}" };
    }

    /// <summary>The ways in which client libraries write a bucket's bound, as a pattern: <c>0.5</c>; <c>1</c> and <c>1.0</c>.</summary>
    internal static string Bounds(string histogram, TimeSpan limit)
    {
        var inMilliseconds = histogram.EndsWith("_milliseconds", StringComparison.Ordinal) || histogram.EndsWith("_ms", StringComparison.Ordinal);
        var bound = inMilliseconds ? limit.TotalMilliseconds : limit.TotalSeconds;
        var text = bound.ToString("0.######", CultureInfo.InvariantCulture).Replace(".", "[.]", StringComparison.Ordinal);
        return text.Contains('[', StringComparison.Ordinal) ? text + "0*" : text + "([.]0+)?";
    }
}
