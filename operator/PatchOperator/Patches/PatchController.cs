using PatchOperator.Compatibility;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>One reconcile: schedule, observe, decide, act, record.</summary>
internal sealed class PatchController(
    IntentCache intents,
    OperatorPolicy policy,
    WorkloadLocks locks,
    PatchObserver observer,
    PlanExecutor executor,
    PatchRecorder recorder,
    CompatibilityChecker compatibility,
    ActionOutcomes outcomes,
    TimeProvider time) : IEntityController<EmergencyPatch>
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRace = TimeSpan.FromSeconds(2);

    public async Task<ReconciliationResult<EmergencyPatch>> ReconcileAsync(EmergencyPatch entity, CancellationToken cancellation)
    {
        var (result, _) = await RunAsync(entity, cancellation);
        return result;
    }

    public bool IsUnderWay(EmergencyPatch entity) => PatchNeighbours.IsUnderWay(entity);

    public Task<ReconciliationResult<EmergencyPatch>> DeletedAsync(EmergencyPatch entity, CancellationToken cancellation)
    {
        intents.Forget(entity);
        observer.Drop(entity);
        compatibility.Forget(entity);
        recorder.Forget(entity);
        return Task.FromResult(ReconciliationResult<EmergencyPatch>.Success(entity));
    }

    /// <summary>Also the way out: for a terminating patch, Released says that the finalizer may go.</summary>
    public async Task<(ReconciliationResult<EmergencyPatch> Result, bool Released)> RunAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        var intent = intents.Of(patch);
        var schedule = Schedule.Of(patch, intent, policy, time.GetUtcNow());
        using var workload = locks.TryEnter(patch, schedule.Workloads.Select(w => w.Workload));
        if (workload is null)
        {
            return (ReconciliationResult<EmergencyPatch>.Success(patch), false);
        }

        var observed = await observer.ObserveAsync(patch, intent, schedule, cancellation);
        var plan = RolloutDecider.Decide(patch, intent, observed, policy, time.GetUtcNow());
        var acted = await executor.ActAsync(patch, plan, cancellation);
        var recorded = await recorder.RecordAsync(acted.Patch, plan, cancellation);
        if (plan.IsReleased && !await recorder.RetainAsync(recorded.Patch, cancellation))
        {
            return (ReconciliationResult<EmergencyPatch>.Failure(recorded.Patch, "The audit trail could not be put away yet, and the patch is kept until it is", null, RetainAgain), false);
        }

        if (!PatchNeighbours.IsRunning(recorded.Patch))
        {
            intents.Forget(recorded.Patch);
        }

        var trouble = acted.Trouble ?? recorded.Trouble;
        outcomes.SetRaces(patch, trouble is { IsRace: true } ? outcomes.Races(patch) + 1 : 0);
        return (Result(recorded.Patch, plan, trouble), plan.IsReleased);
    }

    private static readonly TimeSpan RetainAgain = TimeSpan.FromSeconds(5);

    private ReconciliationResult<EmergencyPatch> Result(EmergencyPatch patch, Plan plan, Trouble? trouble)
    {
        TimeSpan? wake = plan.WakeUpAt is { } at ? Positive(at - time.GetUtcNow()) : null;
        if (trouble is not { } failed)
        {
            return ReconciliationResult<EmergencyPatch>.Success(patch, wake);
        }

        if (failed.IsRace)
        {
            // Also where the plan wants to go on at once: against the same opponent that would be a race without a pause.
            return ReconciliationResult<EmergencyPatch>.Success(patch, new Backoff(failed.RetryAfter ?? ShortestRetry, LongestRace, 0).Delay(outcomes.Races(patch), 0));
        }

        // A deadline in the plan must not be slept through because something else keeps failing; and a deadline that is far away must not
        // keep what failed from being tried again soon.
        return ReconciliationResult<EmergencyPatch>.Failure(patch, failed.Message, failed.Exception, failed.RetryAfter, wake < ShortestRetry ? ShortestRetry : wake);
    }

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;
}
