using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>What superseded this patch may be taken back. Then it gives the workloads back with this patch's mark, and somebody must hold the images: Git names older ones.</summary>
internal static class Superseded
{
    public static void Decide(Draft draft)
    {
        if (draft.Observed is { SupersededBy: null, HeldBy: null } && WasPromoted(draft) && GivenBack(draft) is { Length: > 0 } workloads)
        {
            draft.Enter(PatchPhase.Promoted, "GivenBack", $"The patch that superseded this one was taken back: {string.Join(", ", workloads)} run{(workloads.Length == 1 ? "s" : "")} this one's images again, and it holds them as before.");
        }
        else
        {
            Ended.Decide(draft);
        }
    }

    /// <summary>A newer image that others brought, or a run that was taken back, ended it for good.</summary>
    private static bool WasPromoted(Draft draft) =>
        draft.Status.Revert is null && draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Reason == Succession.Reason;

    private static WorkloadRef[] GivenBack(Draft draft) =>
        [.. draft.Targets.Where(t => t is { RunsPatched: true, Status.PatchedAt: not null } && t.Stable?.MarkedBy == draft.Patch.Metadata.Name).Select(t => t.Workload)];
}
