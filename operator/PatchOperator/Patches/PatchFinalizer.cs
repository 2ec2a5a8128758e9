using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>A deleted patch gives traffic and pods back before it goes (S12).</summary>
internal sealed class PatchFinalizer(PatchController controller, OperatorPolicy policy, TimeProvider time, ILogger<PatchFinalizer> logger) : IEntityFinalizer<EmergencyPatch>
{
    /// <summary>Something changed that no wake-up was set for; look again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public string Name => Names.Finalizer;

    public async Task<ReconciliationResult<EmergencyPatch>> FinalizeAsync(EmergencyPatch entity, CancellationToken cancellation)
    {
        var mustGo = policy.LetGoAt(entity) <= time.GetUtcNow();
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

        if (!result.IsSuccess && mustGo && released)
        {
            // It was tried for all that time, and is told in the events; what keeps failing keeps no namespace.
            logger.LogWarning("Letting go of {Patch}, although not all of it could be taken back: {Error}", ObjectKey.Of(entity), result.Message);
            return ReconciliationResult<EmergencyPatch>.Success(result.Entity);
        }

        if (!result.IsSuccess)
        {
            return result;
        }

        return released
            ? ReconciliationResult<EmergencyPatch>.Success(result.Entity)
            : ReconciliationResult<EmergencyPatch>.Success(result.Entity, result.RequeueAfter is { } soon && soon < Patience ? soon : Patience);
    }
}
