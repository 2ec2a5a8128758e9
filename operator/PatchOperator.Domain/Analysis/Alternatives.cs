namespace PatchOperator.Domain.Analysis;

/// <summary>
/// The pairs of rates that the sequential test bets on. Where failures are rare only the ratio of the two rates matters to the evidence,
/// so a coarse grid of stable rates suffices and the grid's fineness goes into the ratio.
/// </summary>
internal sealed class Alternatives
{
    private static readonly double[] StableRates = [0.0005, 0.002, 0.007, 0.02, 0.06, 0.2, 0.5];

    // Steps of the difference: finer ones gain less than the extra alternatives cost.
    private const double Step = 2.5;

    // How far from stable's rate, in factors of e, an alternative still gets a good part of the bets.
    private const double Width = 0.7;

    // What is bet on a canary that fails nearly always, and on the two differences before that, against one for each smaller one. Such canaries
    // hurt most, and are to be caught within so few requests that a bet spread evenly would take half of them to find the right alternative.
    private const double BetOnRuin = 5;
    private const double BetOnHarm = 2.5;
    private const double Ruin = 0.97;

    private readonly Pair[] _pairs;

    private Alternatives(Pair[] pairs) => _pairs = pairs;

    // Policies are few (nearly always the default), so a race at most builds the same small grid twice.
    private static volatile Tuple<double, Alternatives>? _last;

    /// <summary>The grid for a difference worth catching, 0 to 1.</summary>
    public static Alternatives For(double worthCatching)
    {
        var last = _last;
        if (last?.Item1 == worthCatching)
        {
            return last.Item2;
        }

        var pairs = new List<Pair>();
        foreach (var stable in StableRates)
        {
            var differences = new List<double>();
            for (var difference = Math.Clamp(worthCatching, 1e-4, 0.4); stable + difference < Ruin; difference *= Step)
            {
                differences.Add(difference);
            }

            pairs.AddRange(differences.Select((difference, i) => new Pair(stable, stable + difference, i >= differences.Count - 2 ? BetOnHarm : 1)));
            pairs.Add(new Pair(stable, Ruin, BetOnRuin));
        }

        var alternatives = new Alternatives([.. pairs]);
        _last = Tuple.Create(worthCatching, alternatives);
        return alternatives;
    }

    /// <summary>
    /// ln of the block's e-value: idle share plus alternatives, weighted by what was learned <em>before</em> the block.
    /// Weights may depend on the past in any way; they must not see the block itself.
    /// </summary>
    public double LogMixture(TwoTrackCounts learned, TrackBlock canary, TrackBlock stable, double idleShare, out double idleWeight)
    {
        Span<double> prior = stackalloc double[_pairs.Length];
        var past = new TrackBlock(learned.CanaryFailures, learned.CanaryTotal);
        var pastStable = new TrackBlock(learned.StableFailures, learned.StableTotal);
        var stableRate = Math.Log((learned.StableFailures + 0.5) / (learned.StableTotal + 50));

        // Known base rates make alternatives at other base rates idle talk; the width keeps neighbours on the grid in play.
        var spread = 0.0;
        for (var i = 0; i < _pairs.Length; i++)
        {
            var distance = (stableRate - _pairs[i].LogStable) / Width;
            prior[i] = _pairs[i].Bet * (learned.StableTotal > 0 ? Math.Exp(-0.5 * Math.Min(distance * distance, 40)) : 1);
            spread += prior[i];
        }

        // ln(idle) against ln(bets); both scaled by the largest so that neither overflows.
        var highest = 0.0;
        Span<double> logs = stackalloc double[_pairs.Length];
        for (var i = 0; i < _pairs.Length; i++)
        {
            logs[i] = Math.Log(prior[i] / spread * (1 - idleShare)) + _pairs[i].LogEvidence(past, pastStable);
            highest = Math.Max(highest, logs[i]);
        }

        var weightSum = idleShare * Math.Exp(-highest);
        for (var i = 0; i < _pairs.Length; i++)
        {
            weightSum += Math.Exp(logs[i] - highest);
        }

        var top = Math.Log(idleShare) - highest;
        var idle = top;
        for (var i = 0; i < _pairs.Length; i++)
        {
            logs[i] += _pairs[i].LogEvidence(canary, stable) - highest;
            top = Math.Max(top, logs[i]);
        }

        var sum = Math.Exp(idle - top);
        for (var i = 0; i < _pairs.Length; i++)
        {
            sum += Math.Exp(logs[i] - top);
        }

        idleWeight = Math.Exp(idle - top) / sum;
        return Math.Log(sum) + top - Math.Log(weightSum);
    }

    private readonly struct Pair(double stable, double canary, double bet)
    {
        private readonly double _logCanary = Math.Log(canary);
        private readonly double _logCanarySuccess = Math.Log(1 - canary);
        private readonly double _logStableSuccess = Math.Log(1 - stable);

        public double LogStable { get; } = Math.Log(stable);

        /// <summary>Its part of the bets before anything is known.</summary>
        public double Bet { get; } = bet;

        public double LogEvidence(TrackBlock canaryBlock, TrackBlock stableBlock)
        {
            var total = canaryBlock.Total + stableBlock.Total;
            if (total <= 0)
            {
                return 0;
            }

            var pooled = ((canaryBlock.Total * canary) + (stableBlock.Total * stable)) / total;
            var logPooled = Math.Log(pooled);
            var logPooledSuccess = Math.Log(1 - pooled);
            return (Math.Max(0, canaryBlock.Failures) * (_logCanary - logPooled))
                + (canaryBlock.Successes * (_logCanarySuccess - logPooledSuccess))
                + (Math.Max(0, stableBlock.Failures) * (LogStable - logPooled))
                + (stableBlock.Successes * (_logStableSuccess - logPooledSuccess));
        }
    }
}
