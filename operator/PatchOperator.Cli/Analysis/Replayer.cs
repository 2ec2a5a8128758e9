using System.Threading.Channels;
using PatchOperator.Domain.Rollout.Replay;

namespace PatchOperator.Cli.Analysis;

/// <summary>
/// Plays every run of a sample file: one thread reads, the others judge. Runs may be mixed in any way; the samples of one are judged in the order of the file.
/// </summary>
internal sealed class Replayer(ReplayPlan plan, CountsForm form)
{
    private const int LinesToTellTheForm = 5000;
    private const int BatchSize = 4096;
    private const int BatchesWaiting = 8;

    /// <summary>A run whose first sample lies more than a year after its beginning is told by a calendar: seconds since 1970.</summary>
    private const double LongestRun = 365 * 24 * 3600.0;

    private readonly Dictionary<string, int> runs = new(StringComparer.Ordinal);
    private readonly ReplayPlan whole = plan;
    private readonly Dictionary<string, int> metrics = plan.Metrics.Select((m, i) => (m.Policy.Name, i)).ToDictionary(m => m.Name, m => m.i, StringComparer.Ordinal);
    private readonly List<ReplaySample?[]> last = [];
    private readonly List<double> begun = [];
    private ReplayPlan played = plan;
    private bool? namesMetrics;

    /// <summary>How the counts were read; set when the first lines are known.</summary>
    public CountsForm Form { get; private set; } = form;

    /// <summary>Whether the samples name no metric although the patch has several: only its first is judged then.</summary>
    public bool FirstMetricOnly { get; private set; }

    /// <returns>The runs in the order in which they first appear.</returns>
    /// <exception cref="SampleException">A line cannot be used; nothing of the file is judged then.</exception>
    public async Task<IReadOnlyList<(string Name, ReplayRun End)>> PlayAsync(Stream stream, CancellationToken cancellation)
    {
        var workers = Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(_ => new Worker()).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            Task[] all =
            [
                Task.Run(() => ReadAsync(stream, workers, stop.Token), CancellationToken.None),
                .. workers.Select(w => Task.Run(() => w.JudgeAsync(() => played, stop.Token), CancellationToken.None)),
            ];

            // The first that fails ends all: a reader would wait for ever for a worker that takes nothing any more, and workers for the reader.
            await foreach (var ended in Task.WhenEach(all))
            {
                await ended;
            }
        }
        finally
        {
            await stop.CancelAsync();
        }

        return [.. runs.OrderBy(r => r.Value).Select(r => (r.Key, workers[r.Value % workers.Length].Ends[r.Value / workers.Length]))];
    }

    private async Task ReadAsync(Stream stream, Worker[] workers, CancellationToken cancellation)
    {
        var lines = new LineReader(stream);
        var first = new List<(long Number, SampleLine Line)>();
        while (first.Count < LinesToTellTheForm && TryParse(lines, first.Count > 0 ? first[^1].Line : default, out var line))
        {
            first.Add((lines.Number, line));
        }

        if (Form is CountsForm.Auto)
        {
            Form = CountsForms.Of([.. first.Select(f => f.Line)]);
        }

        foreach (var (number, line) in first)
        {
            await SendAsync(workers, line, number, cancellation);
        }

        var last = first.Count > 0 ? first[^1].Line : default;
        while (TryParse(lines, last, out last))
        {
            await SendAsync(workers, last, lines.Number, cancellation);
        }

        foreach (var worker in workers)
        {
            await worker.FinishAsync(cancellation);
        }
    }

    private static bool TryParse(LineReader lines, in SampleLine before, out SampleLine line)
    {
        line = lines.TryRead(out var utf8) ? SampleLine.Parse(utf8, lines.Number, before) : default;
        return line.Run is not null;
    }

    private ValueTask SendAsync(Worker[] workers, in SampleLine line, long number, CancellationToken cancellation)
    {
        var metric = MetricOf(line, number);
        if (!runs.TryGetValue(line.Run, out var run))
        {
            run = runs[line.Run] = runs.Count;
            last.Add(new ReplaySample?[played.Metrics.Count]);
            begun.Add(line.Sample.At > LongestRun ? line.Sample.At : 0);
        }

        ref var before = ref last[run][metric];
        var sample = line.Sample;
        if (sample.At < before?.At)
        {
            throw new SampleException(number, $"run {line.Run} goes back in time, from {before.Value.At} s to {sample.At} s; its samples must be in order");
        }

        var tick = Form is CountsForm.Cumulative
            ? sample with { Canary = CountsForms.Since(before?.Canary, sample.Canary), Stable = CountsForms.Since(before?.Stable, sample.Stable) }
            : sample;
        before = sample with { Canary = sample.Canary ?? before?.Canary, Stable = sample.Stable ?? before?.Stable };
        return workers[run % workers.Length].TakeAsync(run / workers.Length, metric, tick with { At = tick.At - begun[run] }, cancellation);
    }

    private int MetricOf(in SampleLine line, long number)
    {
        if (namesMetrics is null)
        {
            namesMetrics = line.Metric is not null;
            FirstMetricOnly = line.Metric is null && whole.Metrics.Count > 1;
            played = line.Metric is null ? whole.FirstMetricOnly() : whole;
        }

        if (namesMetrics != line.Metric is not null)
        {
            throw new SampleException(number, "some lines name a \"metric\" and some do not; name it on all lines or on none");
        }

        return line.Metric is null ? 0
            : metrics.TryGetValue(line.Metric, out var index) ? index
            : throw new SampleException(number, $"the patch has no metric {line.Metric}; it has {string.Join(", ", whole.Metrics.Select(m => m.Policy.Name))}");
    }

    private sealed class Worker
    {
        private readonly Channel<List<(int Run, int Metric, ReplaySample Sample)>> inbox =
            Channel.CreateBounded<List<(int, int, ReplaySample)>>(new BoundedChannelOptions(BatchesWaiting) { SingleReader = true, SingleWriter = true });

        private List<(int Run, int Metric, ReplaySample Sample)> batch = new(BatchSize);

        public List<ReplayRun> Ends { get; } = [];

        public ValueTask TakeAsync(int run, int metric, in ReplaySample sample, CancellationToken cancellation)
        {
            batch.Add((run, metric, sample));
            return batch.Count < BatchSize ? ValueTask.CompletedTask : FlushAsync(cancellation);
        }

        public async Task FinishAsync(CancellationToken cancellation)
        {
            await FlushAsync(cancellation);
            inbox.Writer.Complete();
        }

        public async Task JudgeAsync(Func<ReplayPlan> plan, CancellationToken cancellation)
        {
            await foreach (var samples in inbox.Reader.ReadAllAsync(cancellation))
            {
                foreach (var (run, metric, sample) in samples)
                {
                    while (Ends.Count <= run)
                    {
                        Ends.Add(new ReplayRun());
                    }

                    Ends[run] = Ends[run].Take(plan(), metric, sample);
                }
            }
        }

        private ValueTask FlushAsync(CancellationToken cancellation)
        {
            var full = batch;
            batch = new(BatchSize);
            return inbox.Writer.WriteAsync(full, cancellation);
        }
    }
}
