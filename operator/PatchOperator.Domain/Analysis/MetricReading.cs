using System.Text.Json.Serialization;

namespace PatchOperator.Domain.Analysis;

/// <summary>What a provider learned about one track: counts, nothing, or an error. The three never merge.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Counts), "Counts")]
[JsonDerivedType(typeof(Value), "Value")]
[JsonDerivedType(typeof(NoData), "NoData")]
[JsonDerivedType(typeof(Failed), "Failed")]
public abstract record TrackReading
{
    private TrackReading()
    {
    }

    /// <summary>Requests since the observation began. Fractional, because Prometheus' <c>increase</c> extrapolates; nothing is promised of the values.</summary>
    /// <param name="Failures">Failed requests.</param>
    /// <param name="Total">All requests, failed ones included.</param>
    public sealed record Counts(double Failures, double Total) : TrackReading;

    /// <summary>A gauge's one number; nothing is promised of it.</summary>
    /// <param name="Number">As measured.</param>
    /// <param name="MeasuredAt">Where it may be seen at several ticks, the time by which it is known again; null where each tick measures anew.</param>
    public sealed record Value(double Number, DateTimeOffset? MeasuredAt = null) : TrackReading;

    /// <summary>The source answered and had no numbers.</summary>
    /// <param name="Detail">What was missing, for the user.</param>
    /// <param name="BeganAnew">Whoever counts has only just begun to, as after a restart, and will have numbers soon.</param>
    public sealed record NoData(string Detail, bool BeganAnew = false) : TrackReading;

    /// <summary>The source did not answer, or refused.</summary>
    /// <param name="Message">What went wrong and where, for the user.</param>
    /// <param name="Terminal">True if asking again cannot help before the user changes something, such as the query.</param>
    public sealed record Failed(string Message, bool Terminal) : TrackReading;
}

/// <summary>One metric at one tick. Counts are cumulative over the observation window, so a lost tick loses nothing.</summary>
public sealed record MetricReading
{
    public required string Metric { get; init; }

    public required TrackReading Canary { get; init; }

    /// <summary>Null where the metric is not compared with stable.</summary>
    public TrackReading? Stable { get; init; }

    public required DateTimeOffset SampledAt { get; init; }

    /// <summary>What was asked for the canary, word for word, so that the user can ask it again.</summary>
    public required string CanaryQuery { get; init; }

    public string? StableQuery { get; init; }
}
