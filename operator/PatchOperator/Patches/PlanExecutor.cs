using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Audit;
using PatchOperator.Compatibility;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

/// <summary>Stores the intent, then does what it says. Every write may be repeated; none touches a field that is not ours.</summary>
internal sealed class PlanExecutor(
    IClusterClient client,
    NamespaceViews views,
    CanaryWriter canaries,
    WorkloadWriter workloads,
    OwnershipWriter ownership,
    TrafficRouters traffic,
    PatchNeighbours neighbours,
    ActionOutcomes outcomes,
    InventoryJobs inventory,
    AuditSealer sealer,
    TimeProvider time,
    ILogger<PlanExecutor> logger)
{
    /// <summary>How long the traffic waits for the status, and a try that lost a race for what the patch has become.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly TimeLimit reading = new(Patience, time, Patience);

    /// <summary>How long the next decision waits for the status.</summary>
    private readonly TimeLimit storing = new(TimeSpan.FromSeconds(5), time);

    /// <summary>How long it waits for each action: a webhook that hangs keeps no other from being tried, and no bad canary its traffic.</summary>
    private readonly TimeLimit acting = new(TimeSpan.FromSeconds(5), time);

    public async Task<(EmergencyPatch Patch, Trouble? Trouble)> ActAsync(EmergencyPatch patch, Plan plan, CancellationToken cancellation)
    {
        // Before the intent is stored: it may be stored and its answer lost, and what was not set then is nothing that somebody brought back.
        foreach (var set in plan.Actions.OfType<SetStableImages>())
        {
            outcomes.SetImages(patch, set, went: false);
        }

        EmergencyPatch stored;
        try
        {
            var status = sealer.Seal(patch, plan.Status);
            var store = storing.RunAsync(patch.Metadata.Uid, $"PUT {ObjectKey.Of(patch)} status", token => StoreStatusAsync(patch, status, token), cancellation);
            await Task.WhenAll(store, WithdrawIfLateAsync(store, patch, plan, cancellation));
            stored = await store;
        }
        catch (ClusterException exception)
        {
            // Without a stored intent nothing is done: after a crash nobody would know why. Traffic alone goes back to stable all the same (S1):
            // whoever decides again from the old status, with the same evidence, comes to the same end.
            // One lost race may have been lost to what makes the decision void; after the second, it was made again from what was read since.
            if (exception.Kind is not ApiErrorKind.NotFound && (exception.Kind is not ApiErrorKind.Conflict || outcomes.Races(patch) > 0))
            {
                await WithdrawAsync(patch, plan, cancellation);
            }

            return (exception.Kind is ApiErrorKind.Conflict ? await ReadAgainAsync(patch, cancellation) : patch, Trouble.Of(exception));
        }

        return (stored, await DoAsync(stored, plan.Actions, DoInTimeAsync, cancellation));
    }

    /// <summary>A status that is long in being stored keeps nobody on a bad canary. The actions proper begin when both are over.</summary>
    private async Task WithdrawIfLateAsync(Task storing, EmergencyPatch patch, Plan plan, CancellationToken cancellation)
    {
        await storing.WaitAsync(Patience, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!storing.IsCompleted)
        {
            await WithdrawAsync(patch, plan, cancellation);
        }
    }

    private async Task WithdrawAsync(EmergencyPatch patch, Plan plan, CancellationToken cancellation)
    {
        if (plan.Actions.OfType<WithdrawCanaryTraffic>().ToArray() is { Length: > 0 } withdrawals)
        {
            await DoAsync(patch, withdrawals, DoAsync, cancellation);
        }
    }

    /// <summary>Where the watch is late, or brings nothing, only a read shows what the patch has become.</summary>
    private async Task<EmergencyPatch> ReadAgainAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        try
        {
            if (await reading.RunAsync(patch.Metadata.Uid, $"GET {ObjectKey.Of(patch)}", token => client.FindAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), token), cancellation) is { } found)
            {
                neighbours.Observe(found);
                return found.Metadata.Uid == patch.Metadata.Uid ? found : patch;
            }
        }
        catch (ClusterException exception)
        {
            logger.LogDebug("{Patch} could not be read again: {Problem}", ObjectKey.Of(patch), exception.Message);
        }

        return patch;
    }

    /// <summary>
    /// The patch goes, whatever became of its way back. What was made for its canaries goes with it, as far as it can and nobody is sent there: not all of it
    /// is the patch's alone, and collected.
    /// </summary>
    public async Task LetGoAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        var actions = new List<PlanAction>();
        foreach (var workload in (patch.Status?.Workloads ?? []).Where(w => w.Target().Kind is WorkloadKind.Deployment))
        {
            var left = await LeftOfAsync(patch, workload, cancellation);
            actions.AddRange(left.IsNamed && left.IsReachable ? [] : [new DeleteCanary(workload.Target().Name)]);
            actions.AddRange(left.IsNamed || workload.Routes is not { Count: > 0 } routes ? [] : [new DeleteRouting(workload.Name, routes)]);
        }

        // Nobody tries again: each has all the time that the client allows.
        await DoAsync(patch, actions, DoAsync, cancellation);
    }

    /// <summary>Whether a route still names the canary, and whether requests that follow it reach its pods.</summary>
    private async Task<(bool IsNamed, bool IsReachable)> LeftOfAsync(EmergencyPatch patch, WorkloadStatus workload, CancellationToken cancellation)
    {
        if (workload.Routes is not { Count: > 0 } routes)
        {
            return (false, false);
        }

        try
        {
            var (scene, routing) = (await SceneAsync(patch, workload.Name, cancellation), new ScheduledRouting(routes, 0, null, 0));
            if (await traffic.PrepareAsync(scene, routing, isStart: false, cancellation) && traffic.Observe(scene, routing) is { IsKnown: true } seen)
            {
                return (seen.Routes!.Any(r => r.NamesCanary), seen.CanaryIsReachable);
            }
        }
        catch (ClusterException exception)
        {
            logger.LogInformation("Routes of {Patch} cannot be read: {Problem}", ObjectKey.Of(patch), exception.Message);
        }

        return (true, true);
    }

    private async Task<Trouble?> DoAsync(EmergencyPatch stored, IEnumerable<PlanAction> actions, Func<EmergencyPatch, PlanAction, CancellationToken, Task> doAsync, CancellationToken cancellation)
    {
        Trouble? trouble = null;
        string? refusal = null;
        foreach (var action in actions)
        {
            try
            {
                await doAsync(stored, action, cancellation);
            }
            catch (ClusterException exception)
            {
                // One action that fails keeps no other from being tried: a revert takes what it can get.
                trouble = Trouble.Of(exception);
                refusal = Trouble.IsRefusal(exception) ? exception.Error.Message : refusal;
                logger.LogInformation("Action {Action} of {Patch} did not succeed: {Problem}", action.GetType().Name, ObjectKey.Of(stored), exception.Message);
            }
        }

        outcomes.Set(stored, refusal);
        if (!PatchNeighbours.IsRunning(stored))
        {
            outcomes.ForgetImages(stored);
        }

        return trouble;
    }

    private async Task<EmergencyPatch> StoreStatusAsync(EmergencyPatch patch, EmergencyPatchStatus status, CancellationToken cancellation)
    {
        var before = patch.Status is null ? null : JsonSerializer.SerializeToNode(patch.Status, DomainJson.Default.EmergencyPatchStatus);
        var after = JsonSerializer.SerializeToNode(status, DomainJson.Default.EmergencyPatchStatus)!.AsObject();
        if (JsonNode.DeepEquals(before, after))
        {
            return patch;
        }

        var stored = await client.ReplaceStatusAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), patch.Metadata.ResourceVersion, after, cancellation).As(Kinds.EmergencyPatches);
        neighbours.Observe(stored);
        sealer.Stored(stored);
        return stored;
    }

    /// <summary>The withdrawal alone is waited for.</summary>
    private Task DoInTimeAsync(EmergencyPatch patch, PlanAction action, CancellationToken cancellation) => action is WithdrawCanaryTraffic
        ? DoAsync(patch, action, cancellation)
        : acting.RunAsync($"{patch.Metadata.Uid} {action.GetType().Name}", action.GetType().Name, token => DoAsync(patch, action, token), cancellation);

    private async Task DoAsync(EmergencyPatch patch, PlanAction action, CancellationToken cancellation) => await (action switch
    {
        EnsureCanary ensure => canaries.EnsureAsync(patch, ensure, await views.UseAsync(patch, cancellation), cancellation),
        AdmitPods admit => canaries.AdmitAsync(patch, admit, await views.UseAsync(patch, cancellation), cancellation),
        EnsureRoutes ensure => traffic.EnsureAsync(await SceneAsync(patch, ensure.Name, cancellation), ensure, cancellation),
        WithdrawCanaryTraffic withdraw => traffic.WithdrawAsync(await SceneAsync(patch, withdraw.Name, cancellation), withdraw, cancellation),
        DeleteRouting delete => traffic.RemoveAsync(await SceneAsync(patch, delete.Name, cancellation), delete, cancellation),
        DeleteCanary delete => canaries.DeleteAsync(patch, delete, cancellation),
        SetStableImages set => SetImagesAsync(patch, set, cancellation),
        SuspendCronJob suspend => workloads.SuspendAsync(patch, suspend, cancellation),
        ReleaseImages release => ownership.ReleaseAsync(patch, release, cancellation),
        ReplacePods replace => workloads.ReplaceAsync(patch, replace, await views.UseAsync(patch, cancellation), cancellation),
        EndJob end => workloads.EndAsync(patch, end, cancellation),
        CollectInventory collect => inventory.EnsureAsync(patch, collect, cancellation),
        RemoveCommands remove => RemoveCommandsAsync(patch, remove, cancellation),
        RemoveFacts remove => RemoveFactsAsync(patch, remove, cancellation),
        _ => throw new InvalidOperationException($"No one knows how to do {action.GetType().Name}"),
    });

    private async Task SetImagesAsync(EmergencyPatch patch, SetStableImages set, CancellationToken cancellation)
    {
        await workloads.SetImagesAsync(patch, set, cancellation);
        outcomes.SetImages(patch, set, went: true);
    }

    /// <summary>Stable's pods do not matter any more once a run's Services are saved.</summary>
    private async Task<TrafficScene> SceneAsync(EmergencyPatch patch, string workload, CancellationToken cancellation)
    {
        var view = await views.UseAsync(patch, cancellation);
        return new TrafficScene(patch, view, workload, WorkloadPods.Canaries(view, patch, workload), []);
    }

    private async Task RemoveFactsAsync(EmergencyPatch patch, RemoveFacts action, CancellationToken cancellation)
    {
        var change = new JsonPatch();
        foreach (var name in action.Annotations.Where(name => patch.Metadata.Annotations?.ContainsKey(name) == true))
        {
            string[] annotation = ["metadata", "annotations", name];
            change.Test(annotation, patch.Metadata.Annotations![name]).Remove(annotation);
        }

        if (!change.IsEmpty)
        {
            neighbours.Observe(await client.JsonPatchAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), change, cancellation, fieldManager: Names.FieldManager).As(Kinds.EmergencyPatches));
        }
    }

    private async Task RemoveCommandsAsync(EmergencyPatch patch, RemoveCommands action, CancellationToken cancellation)
    {
        var change = new JsonPatch();
        foreach (var handled in action.Handled)
        {
            string[] annotation = ["metadata", "annotations", Annotations.CommandPrefix + handled.Name];
            change.Test(annotation, handled.Value).Remove(annotation);
        }

        neighbours.Observe(await client.JsonPatchAsync(Kinds.EmergencyPatches, ObjectKey.Of(patch), change, cancellation, fieldManager: Names.FieldManager).As(Kinds.EmergencyPatches));
    }
}
