using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>A deleted patch gives traffic and pods back before it goes (S12).</summary>
internal sealed class PatchFinalizer(PatchController controller, PlanExecutor executor, OperatorPolicy policy, TimeProvider time, ILogger<PatchFinalizer> logger) : IEntityFinalizer<EmergencyPatch>
{
    /// <summary>Something changed that no wake-up was set for; look again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>When this process first saw the deletion, by uid: where no status can be written, nothing else knows.</summary>
    private readonly ConcurrentDictionary<string, long> seen = new(StringComparer.Ordinal);

    public string Name => Names.Finalizer;

    public async Task<ReconciliationResult<EmergencyPatch>> FinalizeAsync(EmergencyPatch entity, CancellationToken cancellation)
    {
        var letGoAt = policy.LetGoAt(entity.Status);
        var isUnwritten = letGoAt is null && time.GetElapsedTime(seen.GetOrAdd(entity.Metadata.Uid, time.GetTimestamp())) >= policy.FinalizeLimit;
        var mustGo = isUnwritten || letGoAt <= time.GetUtcNow();
        ReconciliationResult<EmergencyPatch> result;
        bool released;
        try
        {
            (result, released) = await controller.RunAsync(entity, cancellation);
        }
        catch (ClusterException exception) when (mustGo)
        {
            (result, released) = (ReconciliationResult<EmergencyPatch>.Failure(entity, exception.Message, exception), true);
        }

        if (mustGo && (isUnwritten || !result.IsSuccess))
        {
            // It was tried for all that time, and is told in the events; what keeps failing keeps no namespace.
            logger.LogWarning("Letting go of {Patch}, although not all of it could be taken back: {Error}", ObjectKey.Of(entity), result.Message);
            return await LetGoAsync(result.Entity, mustGo, cancellation);
        }

        if (!result.IsSuccess)
        {
            return result;
        }

        return released
            ? await LetGoAsync(result.Entity, mustGo, cancellation)
            : ReconciliationResult<EmergencyPatch>.Success(result.Entity, result.RequeueAfter is { } soon && soon < Patience ? soon : Patience);
    }

    private async Task<ReconciliationResult<EmergencyPatch>> LetGoAsync(EmergencyPatch patch, bool isOverdue, CancellationToken cancellation)
    {
        if (isOverdue)
        {
            await executor.LetGoAsync(patch, cancellation);
        }

        seen.TryRemove(patch.Metadata.Uid, out _);
        return ReconciliationResult<EmergencyPatch>.Success(patch);
    }
}
