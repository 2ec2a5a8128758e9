using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>A deleted patch gives traffic and pods back before it goes (S12).</summary>
internal sealed class PatchFinalizer(PatchController controller) : IEntityFinalizer<EmergencyPatch>
{
    /// <summary>Something changed that no wake-up was set for; look again.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public string Name => Names.Finalizer;

    public async Task<ReconciliationResult<EmergencyPatch>> FinalizeAsync(EmergencyPatch entity, CancellationToken cancellation)
    {
        var (result, released) = await controller.RunAsync(entity, cancellation);
        if (!result.IsSuccess)
        {
            return result;
        }

        return released
            ? ReconciliationResult<EmergencyPatch>.Success(result.Entity)
            : ReconciliationResult<EmergencyPatch>.Success(result.Entity, result.RequeueAfter is { } soon && soon < Patience ? soon : Patience);
    }
}
