using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Demo.Worlds;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.Demo;

/// <summary>One patch from <c>kubectl apply</c> to its end, as a series of frames; approves it as a user would.</summary>
internal sealed class PatchRun(IWorld world, ShopTraffic traffic, string title, string name, JsonObject manifest)
{
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(200);

    // Long enough to read that it waits for a person.
    private static readonly TimeSpan ReadingTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // A patch of the demo is blocked only by something that a person must change.
    private static readonly TimeSpan BlockedPatience = TimeSpan.FromSeconds(20);

    private readonly ObjectPath _path = ObjectPath.Patch(world.Namespace, name);

    public string ApproveCommand => $"kubectl {(world.Approver is { } person ? $"--as={person} " : "")}-n {world.Namespace} annotate epatch {name} {Annotations.CommandPrefix}{Commands.Approve}=\"CHG-20871 reviewed\"";

    /// <summary>The last frame is the end, or what it looked like when patience ended.</summary>
    public async IAsyncEnumerable<Frame> PlayAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        await world.Api.ApplyAsync(manifest, cancellation);
        TimeSpan? waitingSince = null, overSince = null, blockedSince = null;
        var approved = false;
        using var timer = new PeriodicTimer(FrameInterval);
        do
        {
            var frame = await LookAsync(since.Elapsed, cancellation);
            if (frame.Phase == PatchPhase.AwaitingApproval && !approved && since.Elapsed - (waitingSince ??= since.Elapsed) >= ReadingTime)
            {
                await world.Api.AnnotateAsync(_path, Annotations.CommandPrefix + Commands.Approve, "CHG-20871 reviewed", world.Approver, cancellation);
                approved = true;
            }

            // A little longer than the end, so that what users got after it shows too.
            overSince = frame.IsOver ? overSince ?? since.Elapsed : null;
            blockedSince = frame.Phase == PatchPhase.Blocked ? blockedSince ?? since.Elapsed : null;
            yield return frame with { Command = waitingSince is null ? null : ApproveCommand };
            if (since.Elapsed - overSince > TimeSpan.FromSeconds(1.5) || since.Elapsed - blockedSince > BlockedPatience || since.Elapsed > Patience || world.Operator?.Ended is not null)
            {
                yield break;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private async Task<Frame> LookAsync(TimeSpan elapsed, CancellationToken cancellation)
    {
        var patch = await world.Api.GetAsync(_path, cancellation) ?? throw new DemoException($"EmergencyPatch {world.Namespace}/{name} was deleted while the demo ran.");
        var pods = await world.Api.ListAsync(ObjectPath.Pods(world.Namespace), cancellation);
        var events = await world.Api.ListAsync(ObjectPath.EventsOf(world.Namespace, name), cancellation);
        return new()
        {
            Title = title,
            Elapsed = elapsed,
            Patch = patch.Deserialize(DomainJson.Default.EmergencyPatch)!,
            Pods = [.. pods.Select(Pod).OrderBy(pod => pod.Name, StringComparer.Ordinal)],
            Events = [.. events.Select(Event).OrderBy(each => each.Order).Select(each => each.Line)],
            Shop = traffic.Look(),
        };
    }

    private static PodState Pod(JsonObject pod) => new(
        pod.Name(),
        pod.Text("metadata", "labels", Labels.Track) == Labels.TrackCanary,
        pod.Objects("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True"),
        pod.IsTerminating());

    // By first occurrence: a repetition must not move a line that was read already.
    private static ((DateTimeOffset At, long Version) Order, EventLine Line) Event(JsonObject json)
    {
        var at = DateTimeOffset.Parse(json.Text("firstTimestamp") ?? json.Text("metadata", "creationTimestamp") ?? "", CultureInfo.InvariantCulture);
        _ = long.TryParse(json.Text("metadata", "resourceVersion"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var version);
        return ((at, version), new(json.Name(), at, json.Text("reason") ?? "", json.Text("message") ?? "", json.Text("type") == "Warning"));
    }
}
