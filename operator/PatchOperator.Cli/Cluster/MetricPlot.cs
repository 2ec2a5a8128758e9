using System.Globalization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Cluster;

/// <summary>Canary above stable over the run, as bars in plain text; both to one scale, so that what looks worse is worse.</summary>
internal static class MetricPlot
{
    private const string Bars = "▁▂▃▄▅▆▇█";
    private const int Widest = 60;

    /// <summary>Nothing while there are fewer than two stretches to draw.</summary>
    public static IEnumerable<string> Draw(string metric, SeriesStatus? series)
    {
        var canary = Fit(MetricSeries.Parse(series?.Canary));
        if (canary.Count < 2)
        {
            yield break;
        }

        var stable = Fit(MetricSeries.Parse(series!.Stable));
        var highest = canary.Concat(stable).Max(point => point?.Rate ?? 0);
        var width = Math.Max(canary.Count, stable.Count);
        yield return $"{metric}  canary {Line(canary, highest).PadRight(width)}  {Share(canary)}";
        var indent = new string(' ', metric.Length);
        if (stable.Count > 0)
        {
            yield return $"{indent}  stable {Line(stable, highest).PadRight(width)}  {Share(stable)}";
        }

        var folds = Folds(MetricSeries.Parse(series.Canary).Count);
        var seconds = series.Seconds * folds;
        var axis = $"{StatusCommand.Time(series.StartedAt)}, {seconds} s each, full height {Percent.Format(highest)}";
        if (series.FailedAt is { } failedAt)
        {
            var at = Math.Clamp((int)((failedAt - series.StartedAt).TotalSeconds / seconds), 0, width - 1);
            yield return $"{indent}         {new string(' ', at)}^ failed at {StatusCommand.Time(failedAt)}";
        }

        yield return $"{indent}         {axis}";
    }

    private static IReadOnlyList<SeriesPoint?> Fit(IReadOnlyList<SeriesPoint?> points)
    {
        var folds = Folds(points.Count);
        return [.. points.Chunk(folds).Select(chunk => chunk.Aggregate((a, b) => a is { } x && b is { } y ? x + y : a ?? b))];
    }

    private static int Folds(int points) => Math.Max(1, (points + Widest - 1) / Widest);

    private static string Line(IReadOnlyList<SeriesPoint?> points, double highest) =>
        string.Concat(points.Select(point => point is { } known ? Bars[highest > 0 ? (int)Math.Round(known.Rate / highest * (Bars.Length - 1)) : 0] : ' '));

    private static string Share(IReadOnlyList<SeriesPoint?> points)
    {
        var sum = points.Aggregate(default(SeriesPoint), (all, point) => all + (point ?? default));
        return string.Create(CultureInfo.InvariantCulture, $"{Percent.Format(sum.Rate)} of {sum.Total:0} requests");
    }
}
