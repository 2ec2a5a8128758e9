using System.Globalization;

namespace PatchOperator.Domain.Analysis;

/// <summary>What one track answered in one stretch of time.</summary>
public readonly record struct SeriesPoint(double Failures, double Total)
{
    public double Rate => Total > 0 ? Failures / Total : 0;

    public static SeriesPoint operator +(SeriesPoint a, SeriesPoint b) => new(a.Failures + b.Failures, a.Total + b.Total);
}

/// <summary>
/// Counts by stretches of equal length as one text, <c>0/40 2/38 - 1/41</c>: small in a status, and readable there. Counts, not rates, so that
/// two stretches become one without any loss.
/// </summary>
public static class MetricSeries
{
    public const int MostPoints = 120;
    private const string Nothing = "-";

    public static IReadOnlyList<SeriesPoint?> Parse(string? text) =>
        string.IsNullOrEmpty(text) ? [] : [.. text.Split(' ').Select(ParsePoint)];

    public static string Format(IEnumerable<SeriesPoint?> points) => string.Join(' ', points.Select(Format));

    /// <summary>Adds what was counted to the stretch with this index, which is the last one or lies behind it. Reads only the end of the text, since this happens at every tick.</summary>
    public static string Add(string? text, int index, SeriesPoint? counted)
    {
        text ??= "";
        var count = text.Length == 0 ? 0 : 1 + text.AsSpan().Count(' ');
        if (index >= count)
        {
            var gap = string.Concat(Enumerable.Repeat(Nothing + " ", index - count));
            return $"{text}{(count == 0 ? "" : " ")}{gap}{Format(counted)}";
        }

        var start = text.LastIndexOf(' ') + 1;
        var last = ParsePoint(text[start..]);
        return counted is null ? text : string.Concat(text.AsSpan(0, start), Format(last is { } known ? known + counted.Value : counted));
    }

    /// <summary>The same over stretches twice as long.</summary>
    public static string Halve(string? text) =>
        Format(Parse(text).Chunk(2).Select(pair => pair is [{ } first, { } second] ? first + second : pair[0] ?? pair[^1]));

    private static string Format(SeriesPoint? point) =>
        point is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.Failures:0.#}/{known.Total:0.#}") : Nothing;

    private static SeriesPoint? ParsePoint(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && double.TryParse(text.AsSpan(0, slash), NumberStyles.Float, CultureInfo.InvariantCulture, out var failures)
            && double.TryParse(text.AsSpan(slash + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var total)
                ? new SeriesPoint(failures, total)
                : null;
    }
}
