namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Which workloads go together, and after which others.</summary>
internal static class PromotionOrder
{
    /// <summary>The workloads of each role that there are, in the order of promotion. A revert goes through them backwards.</summary>
    public static IReadOnlyList<IReadOnlyList<Target>> Stages(Draft draft) =>
    [
        .. draft.Intent.Order.Concat(Workloads.DefaultOrder).Distinct()
            .Select(role => draft.Targets.Where(t => t.Role == role).ToArray())
            .Where(stage => stage.Length > 0),
    ];
}
