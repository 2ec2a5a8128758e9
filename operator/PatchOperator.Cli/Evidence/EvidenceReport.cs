using PatchOperator.Domain.Analysis;

namespace PatchOperator.Cli.Evidence;

/// <summary>How a value is to be read; the words say it too, since colour alone tells a printer and some readers nothing.</summary>
internal enum Tone
{
    Plain,
    Good,
    Bad,
    Open,
}

/// <summary>What an auditor is shown, before it has a form. No time of writing: the same input gives the same report.</summary>
internal sealed record EvidenceReport(string Title, string Subject, IReadOnlyList<EvidenceSection> Sections);

internal sealed record EvidenceSection(string Id, string Title, IReadOnlyList<EvidenceBlock> Blocks);

internal abstract record EvidenceBlock;

internal sealed record TextBlock(string Text, Tone Tone = Tone.Plain) : EvidenceBlock;

internal sealed record FactsBlock(string Caption, IReadOnlyList<Fact> Facts) : EvidenceBlock;

internal sealed record Fact(string Name, string Value, Tone Tone = Tone.Plain);

internal sealed record TableBlock(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows, string Empty) : EvidenceBlock;

/// <param name="Metric">Its name.</param>
/// <param name="Verdict">The last one.</param>
/// <param name="StartedAt">The beginning of the first stretch.</param>
/// <param name="Seconds">Length of a stretch.</param>
/// <param name="Canary">By stretch; null where nothing was measured.</param>
/// <param name="Stable">The same.</param>
/// <param name="DecidedAt">When the verdict that ended it fell.</param>
/// <param name="Decision">What it was.</param>
internal sealed record PlotBlock(
    string Metric, string Verdict, DateTimeOffset StartedAt, int Seconds, IReadOnlyList<SeriesPoint?> Canary, IReadOnlyList<SeriesPoint?> Stable, DateTimeOffset? DecidedAt, string Decision) : EvidenceBlock
{
    public double Highest => Canary.Concat(Stable).Max(point => point?.Rate ?? 0);

    /// <summary>The plot in a sentence, for who cannot see it.</summary>
    public string Describe() =>
        $"Failure rate of canary and stable over {Math.Max(Canary.Count, Stable.Count)} stretches of {Seconds} s from {EvidenceText.Time(StartedAt)}. Canary {Sum(Canary)}; stable {Sum(Stable)}. "
        + (DecidedAt is { } at ? $"{Decision} at {EvidenceText.Time(at)}." : $"{Decision}.");

    private static string Sum(IReadOnlyList<SeriesPoint?> points)
    {
        var all = points.Aggregate(default(SeriesPoint), (sum, point) => sum + (point ?? default));
        return all.Total > 0 ? FormattableString.Invariant($"{all.Failures:0.#} of {all.Total:0.#} requests failed ({all.Rate * 100:0.##} %)") : "was not measured";
    }
}
