namespace PatchOperator.Domain.Analysis;

/// <summary>What must be there for a preset to tell canary from stable.</summary>
public enum PresetNeeds
{
    Nothing,

    /// <summary>A route that sends the canary's share to a Service of its own.</summary>
    CanaryService,
}

/// <summary>One set of series: a counter and the labels that choose from it.</summary>
/// <param name="Metric">The counter's name.</param>
/// <param name="Labels">Conditions, without braces, with variables.</param>
internal sealed record SeriesText(string Metric, string Labels)
{
    public SeriesText With(bool applies, string condition) => applies ? With(condition) : this;

    public SeriesText With(string condition) => this with { Labels = $"{Labels.Trim()},{condition}" };

    public override string ToString() => $"{Metric}{{{Labels.Trim()}}}";
}

/// <summary>The queries of one preset.</summary>
public sealed record Preset
{
    public required string Name { get; init; }

    public required PresetNeeds Needs { get; init; }

    /// <summary>The label with the request's path; null where the metrics have none.</summary>
    public string? PathLabel { get; init; }

    /// <summary>The histogram of the same requests' durations, without <c>_bucket</c>; its labels choose as the counter's do. Null where there is none.</summary>
    public string? Histogram { get; init; }

    /// <summary>Why 4xx cannot be counted; null where they can.</summary>
    public string? NoClientErrors { get; init; }

    internal IReadOnlyList<SeriesText> Total { get; init; } = [];

    internal IReadOnlyList<SeriesText> ServerErrors { get; init; } = [];

    internal IReadOnlyList<SeriesText> ClientErrors { get; init; } = [];

    /// <summary>PromQL that counts the failures of one track since the window began; empty where there were none.</summary>
    public string FailuresQuery(FailureClass failures, bool bySurface) => PromQlGrowth.Of(Limited(Failures(failures), bySurface));

    /// <summary>PromQL that counts all requests of one track since the window began.</summary>
    public string TotalQuery(bool bySurface) => PromQlGrowth.Of(Limited(Total, bySurface));

    internal IReadOnlyList<SeriesText> HistogramSeries(bool bySurface) =>
        Limited([.. Total.Select(series => series with { Metric = Histogram + "_bucket" })], bySurface);

    internal static Preset ByStatus(string name, PresetNeeds needs, string statusLabel, string? pathLabel, string histogram, params IReadOnlyList<SeriesText> total) => new()
    {
        Name = name,
        Needs = needs,
        PathLabel = pathLabel,
        Histogram = histogram,
        Total = total,
        ServerErrors = [.. total.Select(series => series.With($"{statusLabel}=~\"{MetricPresets.Statuses(FailureClass.ServerErrors)}\""))],
        ClientErrors = [.. total.Select(series => series.With($"{statusLabel}=~\"{MetricPresets.Statuses(FailureClass.ClientErrors)}\""))],
    };

    private IReadOnlyList<SeriesText> Failures(FailureClass failures) => failures switch
    {
        FailureClass.ServerErrors => ServerErrors,
        FailureClass.ClientErrors => ClientErrors,
    };

    private IReadOnlyList<SeriesText> Limited(IReadOnlyList<SeriesText> series, bool bySurface) =>
        bySurface ? [.. series.Select(one => one.With($"{PathLabel}=~\"{{{{ paths }}}}\""))] : series;
}
