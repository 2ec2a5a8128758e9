using Spectre.Console;
using Spectre.Console.Rendering;

namespace PatchOperator.Demo.Screen;

/// <summary>Lines for logs: one per change and every few seconds, nothing redrawn.</summary>
internal sealed class PlainScreen(IAnsiConsole console) : IScreen
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);

    public void Say(string line) => Console.Out.WriteLine(line);

    public void Show(IRenderable block) => console.Write(block);

    public async Task<Frame> PlayAsync(IAsyncEnumerable<Frame> frames, CancellationToken cancellation)
    {
        Frame? last = null;
        var (said, saidAt, commandSaid) = ("", TimeSpan.MinValue, false);
        var events = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var frame in frames.WithCancellation(cancellation))
        {
            if (last is null)
            {
                Say($"\n== {frame.Title}: EmergencyPatch {frame.Patch.Metadata.Namespace}/{frame.Patch.Metadata.Name}");
            }

            foreach (var line in frame.Events.Where(line => events.Add(line.Name)))
            {
                Say($"{Time(frame)}    {(line.IsWarning ? "!" : "*")} {line.Reason}: {line.Message}");
            }

            if (frame.Command is { } command && !commandSaid)
            {
                Say($"{Time(frame)}    $ {command}");
                commandSaid = true;
            }

            var step = frame.Status.Step;
            var state = $"{frame.Phase} {step?.Index} {frame.AskedWeight} {frame.ActualWeight}";
            if (state != said || frame.Elapsed - saidAt >= Heartbeat)
            {
                Say(Line(frame));
                (said, saidAt) = (state, frame.Elapsed);
            }

            last = frame;
        }

        return last!;
    }

    private static string Line(Frame frame)
    {
        var step = frame.Status.Step;
        return $"{Time(frame)} {frame.Phase,-16}"
            + (step is null ? "" : $" step {step.Index + 1}/{step.Count} asked {frame.AskedWeight} % actual {frame.ActualWeight} %")
            + string.Concat((frame.Status.Analysis ?? []).Select(metric =>
                $" | {metric.Name} {metric.Verdict}: canary {metric.CanaryRate ?? "-"} ({metric.CanaryCounts}) stable {metric.StableRate ?? "-"} ({metric.StableCounts}) limit {metric.Limit}"))
            + $" | shoppers: {string.Join(", ", frame.Shop.Versions.Select(version => $"{version.Version} {version.Answers} ({version.Failed} failed)"))}";
    }

    private static string Time(Frame frame) => $"{frame.Elapsed.TotalSeconds,6:0.0} s";
}
