namespace PatchOperator.Benchmarks.Analysis;

/// <summary>When one rule failed the canaries of many runs; infinite where it did not within the run.</summary>
internal sealed record Outcome(double[] Requests, double[] Seconds)
{
    public int Alarms => Seconds.Count(double.IsFinite);

    public double AlarmShare => (double)Alarms / Seconds.Length;
}

/// <summary>Several rules on the same traffic, many runs in parallel; the same seed gives the same outcome on any number of cores.</summary>
internal static class Contest
{
    /// <param name="traffic">Shared by all runs; what a run needs of its own is in its random numbers.</param>
    /// <param name="detectors">Makes the rules anew for each run.</param>
    /// <param name="runs">How many.</param>
    /// <param name="seconds">The length of a run.</param>
    /// <param name="seed">Of all runs together.</param>
    public static Outcome[] Run(ITraffic traffic, Func<IDetector[]> detectors, int runs, int seconds, ulong seed)
    {
        var count = detectors().Length;
        var outcomes = new Outcome[count];
        for (var i = 0; i < count; i++)
        {
            outcomes[i] = new Outcome(new double[runs], new double[runs]);
            Array.Fill(outcomes[i].Requests, double.PositiveInfinity);
            Array.Fill(outcomes[i].Seconds, double.PositiveInfinity);
        }

        Parallel.For(0, runs, run =>
        {
            var rules = detectors();
            var open = rules.Length;
            var random = new SeededRandom((seed * 1_000_003) + (ulong)run);
            var requests = 0.0;
            for (var second = 0; second < seconds && open > 0; second++)
            {
                var tick = traffic.Next(random, second);
                requests += tick.CanaryTotal;
                for (var i = 0; i < rules.Length; i++)
                {
                    if (double.IsPositiveInfinity(outcomes[i].Seconds[run]) && rules[i].Fails(tick, second))
                    {
                        outcomes[i].Seconds[run] = second + 1;
                        outcomes[i].Requests[run] = requests;
                        open--;
                    }
                }
            }
        });
        return outcomes;
    }
}
