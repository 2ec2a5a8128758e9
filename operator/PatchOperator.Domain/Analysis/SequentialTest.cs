namespace PatchOperator.Domain.Analysis;

/// <summary>
/// A one-sided sequential test that the canary fails more often than stable, valid however often one looks and whenever one stops.
/// </summary>
/// <remarks>
/// <para>
/// The counts that arrive between two looks form a block of n_c canary and n_s stable requests. For a suspected pair of rates (θ_c, θ_s)
/// with θ_c &gt; θ_s the block's e-value is the likelihood ratio of (θ_c, θ_s) against the one rate θ_0 = (n_c θ_c + n_s θ_s) / (n_c + n_s).
/// Under "canary no worse than stable" its expectation is at most 1 (weighted arithmetic-geometric mean), for any true rate and
/// also if that rate drifts, so the product over blocks is a test supermartingale: it ever reaches 1/α with probability at most α (Ville).
/// θ_0 is the pooled rate at which the information bound for two unknown rates is attained, hence little is lost against knowing the rates.
/// Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping",
/// Journal of Statistical Planning and Inference 230 (2024), 106116.
/// </para>
/// <para>
/// The rates are not known, so each block bets on a mixture of pairs. Its weights are the posterior given <em>earlier</em> blocks, which keeps the
/// product valid and makes it telescope to a Bayes mixture (method of mixtures; Robbins, Annals of Mathematical Statistics 41 (1970), 1397).
/// One share is not bet at all, so a long healthy stretch cannot use up the capital; and the learning starts over when the canary's requests
/// have multiplied, so that a canary which turns bad late is seen.
/// </para>
/// <para>
/// Blocks rather than sums: weights change within a run and failure rates differ by the hour. Sums over both would blame a canary for having
/// got more of its requests in a bad hour (Simpson's paradox). Assumed: requests fail independently, given the rate of the moment.
/// </para>
/// </remarks>
public static class SequentialTest
{
    /// <summary>How often, at most, a canary that is worse by the difference worth catching may ever be taken for fine.</summary>
    public const double FalsePassRate = 0.01;

    // A request in a block costs about one request of information, since each block estimates its own share of canary requests.
    private const double SmallestBlock = 4;
    private const double LargestBlock = 32;
    private const double BlockGrowth = 0.1;

    // The share of the capital that is not bet. Small at first, where a bad patch is likeliest to show; larger after each new start,
    // because a start costs ln(1/share) of the capital and there may be several in a long run.
    private const double FirstIdleShare = 0.08;
    private const double LaterIdleShare = 0.5;

    // The bets have settled on "no worse" when the idle share holds this part of the posterior.
    private const double SettledShare = 0.98;
    private const double FirstRelearn = 400;
    private const double RelearnFactor = 4;

    private static readonly double ClearEvidence = Math.Log(20);
    private static readonly double Suspicion = Math.Log(SuspicionRatio);

    /// <summary>The e-value from which a canary is under suspicion: odds of three to one. Few healthy runs are there when a hold is over, and those leave it again within minutes as a rule.</summary>
    public const double SuspicionRatio = 3;

    /// <summary>Takes in the cumulative counts of a tick and returns the state with the evidence up to the last complete block.</summary>
    /// <param name="state">State of the previous tick; null at the first.</param>
    /// <param name="counts">Cumulative counts, finite, with 0 ≤ failures ≤ total for each track.</param>
    /// <param name="worthCatching">Smallest difference in rate, 0 to 1, that the test is tuned to.</param>
    public static SequentialState Advance(SequentialState? state, TwoTrackCounts counts, double worthCatching)
    {
        state ??= new SequentialState { RelearnAt = FirstRelearn };
        if (state.AwaitsBaseLine)
        {
            return state with { Consumed = counts, AwaitsBaseLine = false };
        }

        var consumed = state.Consumed;
        if (CounterReset.Happened(counts.Canary, consumed.Canary) || CounterReset.Happened(counts.Stable, consumed.Stable))
        {
            // Which of these requests were counted before is unknown; to count none twice, evidence continues from here.
            return state with { Consumed = counts };
        }

        var canary = new TrackBlock(counts.CanaryFailures - consumed.CanaryFailures, counts.CanaryTotal - consumed.CanaryTotal);
        var stable = new TrackBlock(counts.StableFailures - consumed.StableFailures, counts.StableTotal - consumed.StableTotal);
        var learned = state.Learned;
        var needed = Math.Clamp((learned.CanaryTotal + learned.StableTotal) * BlockGrowth, SmallestBlock, LargestBlock);
        if (!canary.IsComplete || !stable.IsComplete || canary.Total + stable.Total < needed)
        {
            return state;
        }

        var alternatives = Alternatives.For(worthCatching);
        var idleShare = state.RelearnAt > FirstRelearn ? LaterIdleShare : FirstIdleShare;
        var evidence = state.LogEvidence + alternatives.LogMixture(learned, canary, stable, idleShare, out var idleWeight);
        var fine = state.LogFine + NonInferiority.LogEvidence(learned, canary, stable, worthCatching);
        learned = new TwoTrackCounts
        {
            CanaryFailures = learned.CanaryFailures + canary.Failures,
            CanaryTotal = learned.CanaryTotal + canary.Total,
            StableFailures = learned.StableFailures + stable.Failures,
            StableTotal = learned.StableTotal + stable.Total,
        };

        var relearn = learned.CanaryTotal >= state.RelearnAt && idleWeight > SettledShare;
        return new SequentialState
        {
            LogEvidence = evidence,
            HighestLogEvidence = Math.Max(state.HighestLogEvidence, evidence),
            LogFine = fine,
            Consumed = counts,
            Learned = relearn ? TwoTrackCounts.Zero : learned,
            RelearnAt = relearn ? state.RelearnAt * RelearnFactor : state.RelearnAt,
        };
    }

    /// <summary>Whether the canary is worse than stable at the false-alarm probability <paramref name="falseRevertRate"/> (0 to 1) for the whole run.</summary>
    public static bool IsSignificant(SequentialState? state, double falseRevertRate) =>
        state is not null && state.HighestLogEvidence >= -Math.Log(falseRevertRate);

    /// <summary>Whether the evidence of this moment speaks against the canary, though it proves nothing yet. Such a canary may stay, but gets no more traffic.</summary>
    public static bool IsSuspected(SequentialState? state) => state is not null && state.LogEvidence >= Suspicion;

    /// <summary>Whether the canary is proven not to be worse by the difference worth catching, with the probability of error <see cref="FalsePassRate"/>.</summary>
    public static bool IsProvenFine(SequentialState? state) => state is not null && state.LogFine >= -Math.Log(FalsePassRate);

    /// <summary>
    /// Whether counts of one stretch, taken as one block, make it twenty times as likely that the canary is worse than that it is not. Says nothing of a whole run; it is
    /// for the question whether a failing canary shares its trouble with stable.
    /// </summary>
    internal static bool IsClearlyWorse(TwoTrackCounts counts, double worthCatching)
    {
        var (canary, stable) = (counts.Canary, counts.Stable);
        return Alternatives.For(worthCatching).LogMixture(
            TwoTrackCounts.Zero, new TrackBlock(canary.Failures, canary.Total), new TrackBlock(stable.Failures, stable.Total), FirstIdleShare, out _) >= ClearEvidence;
    }
}

/// <summary>What one track added since the last complete block.</summary>
internal readonly record struct TrackBlock(double Failures, double Total)
{
    // Extrapolated counts can step back or overtake one another for a tick; such a block waits for the next tick.
    public bool IsComplete => Total >= 0.999 && Failures >= -1e-9 && Failures <= Total + 1e-9;

    public double Successes => Math.Max(0, Total - Failures);
}
