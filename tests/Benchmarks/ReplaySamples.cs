using System.Globalization;
using System.Text;

namespace PatchOperator.Benchmarks;

/// <summary>Writes samples for <c>kubectl-epatch analysis replay</c>: healthy and bad runs with a fixed seed, one tick a second.</summary>
internal static class ReplaySamples
{
    private const int CanaryRequests = 5;
    private const int StableRequests = 95;
    private const double Baseline = 0.005;

    public static void Write(Arguments arguments)
    {
        var file = arguments.Required("file");
        var runs = arguments.Number("runs", 10_000);
        var ticks = arguments.Number("ticks", 600);
        var badEvery = arguments.Number("bad-every", 10);
        var random = new Random(20261123);
        using var writer = new StreamWriter(file, append: false, new UTF8Encoding(false), 1 << 20);
        for (var run = 0; run < runs; run++)
        {
            // A tenth of the runs is two percentage points worse, from a moment of their own on.
            var badFrom = badEvery > 0 && run % badEvery == 0 ? random.Next(ticks / 2) : int.MaxValue;
            for (var tick = 1; tick <= ticks; tick++)
            {
                var canary = Binomial(random, CanaryRequests, tick > badFrom ? Baseline + 0.02 : Baseline);
                var stable = Binomial(random, StableRequests, Baseline);
                writer.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{{\"run\":\"{(badFrom < int.MaxValue ? "bad" : "good")}-{run}\",\"t\":{tick}.0,\"canary\":{{\"failures\":{canary},\"total\":{CanaryRequests}}},\"stable\":{{\"failures\":{stable},\"total\":{StableRequests}}}}}\n"));
            }
        }

        Console.WriteLine($"{runs} runs of {ticks} ticks, {new FileInfo(file).Length / 1_000_000} MB");
    }

    private static int Binomial(Random random, int trials, double probability)
    {
        // Skips from success to success; these probabilities are small.
        var (count, at) = (0, -1);
        while ((at += 1 + (int)(Math.Log(1 - random.NextDouble()) / Math.Log(1 - probability))) < trials)
        {
            count++;
        }

        return count;
    }
}
