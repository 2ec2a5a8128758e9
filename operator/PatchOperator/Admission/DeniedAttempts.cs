using System.Threading.Channels;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>
/// What was refused cannot be stored with the request that was refused. It is logged and counted at once, and handed to the leader as a sealed annotation,
/// for the trail and an Event. A flood costs neither the API server nor the trail: each patch takes a few attempts a minute, the rest is only counted.
/// </summary>
internal sealed class DeniedAttempts(ClusterClient client, AdmissionMetrics metrics, LoopSupervisor loops, TimeProvider time, ILogger<DeniedAttempts> logger) : BackgroundService
{
    private const int PerPatch = 5;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Channel<RecordedFact> waiting = Channel.CreateBounded<RecordedFact>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, Queue<DateTimeOffset>> recent = new(StringComparer.Ordinal);

    public void Report(RecordedFact attempt)
    {
        metrics.Denied(attempt.Command);
        logger.LogWarning(
            "Refused {Command} on {Patch} to {User} ({Uid}): {Why}", attempt.Command, new ObjectKey(attempt.Namespace, attempt.Name), attempt.Actor, attempt.ActorUid, attempt.Denied);
        waiting.Writer.TryWrite(attempt);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunAsync("denied attempts", RunAsync, stoppingToken);

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var attempt in waiting.Reader.ReadAllAsync(stop))
            {
                if (IsWithinLimit(attempt))
                {
                    await HandOnAsync(attempt, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Ended as told.
        }
    }

    private bool IsWithinLimit(RecordedFact attempt)
    {
        var now = time.GetUtcNow();
        foreach (var (patch, at) in recent.ToArray())
        {
            while (at.TryPeek(out var oldest) && oldest + Window <= now)
            {
                at.Dequeue();
            }

            if (at.Count == 0)
            {
                recent.Remove(patch);
            }
        }

        if (!recent.TryGetValue(attempt.PatchUid!, out var times))
        {
            recent[attempt.PatchUid!] = times = new Queue<DateTimeOffset>();
        }

        if (times.Count >= PerPatch)
        {
            return false;
        }

        times.Enqueue(now);
        return true;
    }

    private async Task HandOnAsync(RecordedFact attempt, CancellationToken stop)
    {
        var change = new System.Text.Json.Nodes.JsonObject
        {
            ["metadata"] = new System.Text.Json.Nodes.JsonObject
            {
                // Of this very patch, should another of its name have come in between.
                ["uid"] = attempt.PatchUid,
                ["annotations"] = new System.Text.Json.Nodes.JsonObject { [Annotations.FactPrefix + attempt.Id] = FactSeal.Write(attempt) },
            },
        };
        try
        {
            await client.MergePatchAsync(Kinds.EmergencyPatches, new ObjectKey(attempt.Namespace, attempt.Name), change, stop, fieldManager: Names.FieldManager);
        }
        catch (ClusterException exception)
        {
            logger.LogWarning("The refused {Command} on {Patch} is in this log alone: {Problem}", attempt.Command, new ObjectKey(attempt.Namespace, attempt.Name), exception.Message);
        }
    }
}
