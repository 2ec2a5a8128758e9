namespace PatchOperator.Domain.Analysis.Watch;

/// <summary>
/// A sequential test that the patched stable fails more often than <see cref="Limit"/>: the highest rate that fits its history, and the difference worth
/// catching on top. Valid however often one looks, and for rates that drift, as long as they stay at or below the limit.
/// </summary>
/// <remarks>
/// For a suspected rate θ above the limit L the likelihood ratio (θ/L)^k ((1-θ)/(1-L))^(n-k) has an expectation of at most 1 under every rate up to L, request by
/// request, so it is a test supermartingale; so is a mixture over several θ and over several moments to begin at, which are fixed beforehand (Robbins, Ann.
/// Math. Stat. 41 (1970) 1397), and so is a root of it (Jensen), which is what clumping takes. It ever reaches 1/α with probability at most α (Ville).
/// </remarks>
internal sealed class WatchTest
{
    /// <summary>The watch is cut into so many parts; the test may begin at each, so that what turns bad late is not hidden by what was good before.</summary>
    public const int Parts = 12;

    // Steps of the difference, as in the comparison of canary and stable.
    private const double Step = 2.5;
    private const double Ruin = 0.97;

    // Above this there is no room left for a worse rate.
    private const double HighestLimit = 0.9;

    private readonly double clumping;
    private readonly (double Failure, double Success)[] alternatives;

    private WatchTest(double limit, double worthCatching, double clumping)
    {
        Limit = limit;
        this.clumping = clumping;
        var rates = new List<double>();
        for (var difference = Math.Clamp(worthCatching, 1e-4, 0.4); limit + difference < Ruin; difference *= Step)
        {
            rates.Add(limit + difference);
        }

        rates.Add(Ruin);
        alternatives = [.. rates.Select(rate => (Math.Log(rate / limit), Math.Log((1 - rate) / (1 - limit))))];
    }

    /// <summary>The rate up to which nothing is held against the patch.</summary>
    public double Limit { get; }

    /// <summary>Null where the history has too few requests, or too many failures, to compare with. Half of α is the history's, half the test's.</summary>
    public static WatchTest? For(WatchHistory? history, double worthCatching, double alpha)
    {
        var limit = history is { Total: >= 1 } ? history.UpperBound(alpha / 2) + worthCatching : 1;
        return limit < HighestLimit ? new WatchTest(limit, worthCatching, history!.Clumping) : null;
    }

    public static bool IsSignificant(double logEvidence, double alpha) => logEvidence >= -Math.Log(alpha / 2);

    /// <summary>ln of the evidence: half on the whole watch, half spread over the parts that have begun or will.</summary>
    /// <param name="all">Counted since the watch began.</param>
    /// <param name="marks">What had been counted when each part after the first began.</param>
    public double LogEvidence(SeriesPoint all, IReadOnlyList<SeriesPoint> marks)
    {
        Span<double> logs = stackalloc double[Parts];
        logs[0] = LogMixture(all) + Math.Log(0.5);
        for (var part = 1; part < Parts; part++)
        {
            // A part that has not begun is money that was not bet.
            var begun = part <= marks.Count ? LogMixture(Since(all, marks[part - 1])) : 0;
            logs[part] = begun + Math.Log(0.5 / (Parts - 1));
        }

        return LogSum(logs);
    }

    /// <summary>ln of the evidence in these counts alone.</summary>
    public double LogMixture(SeriesPoint counted)
    {
        Span<double> logs = stackalloc double[alternatives.Length];
        for (var i = 0; i < logs.Length; i++)
        {
            var ratio = (Math.Max(0, counted.Failures) * alternatives[i].Failure) + (Math.Max(0, counted.Total - counted.Failures) * alternatives[i].Success);
            logs[i] = (ratio / clumping) - Math.Log(logs.Length);
        }

        return LogSum(logs);
    }

    public static SeriesPoint Since(SeriesPoint all, SeriesPoint mark) => new(all.Failures - mark.Failures, all.Total - mark.Total);

    private static double LogSum(ReadOnlySpan<double> logs)
    {
        var top = double.NegativeInfinity;
        foreach (var log in logs)
        {
            top = Math.Max(top, log);
        }

        var sum = 0.0;
        foreach (var log in logs)
        {
            sum += Math.Exp(log - top);
        }

        return top + Math.Log(sum);
    }
}
