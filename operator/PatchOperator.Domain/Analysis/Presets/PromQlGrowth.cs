namespace PatchOperator.Domain.Analysis;

/// <summary>
/// What counters have grown by since the window began: <c>increase()</c> would miss all that a new pod counted before its second scrape,
/// and extrapolate the rest.
/// </summary>
internal static class PromQlGrowth
{
    /// <param name="series">Sets of series that share none.</param>
    public static string Of(IReadOnlyList<SeriesText> series) => $"sum({string.Join(" or ", series.Select(Of))})";

    // A series that is younger than the window counts from zero; one that restarted, and so would come out negative, counts what it has since.
    private static string Of(SeriesText series) => $"({series} - ({series} offset {{{{ window }}}} or {series} * 0)) >= 0 or {series}";
}
