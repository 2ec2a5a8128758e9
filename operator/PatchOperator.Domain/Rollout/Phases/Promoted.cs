using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>The patched images are on every workload. They can be taken back for as long as the resource exists (S9).</summary>
internal static class Promoted
{
    public const string Drifted = "DriftDetected";

    public static void Decide(Draft draft)
    {
        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        CommandDesk.IgnoreAllBut(draft, "the patch is promoted; patchoperator.io/revert takes it back.");
        var drifted = draft.Intent.Workloads.SelectMany(w => Drift(draft, w)).ToArray();
        var ready = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
        if (drifted.Length > 0)
        {
            var message = $"The patched images are no longer everywhere: {string.Join(", ", drifted)}.";
            if (ready?.Reason != Drifted)
            {
                draft.Record(Drifted, message);
            }

            draft.Explain(Drifted, message);
        }
        else if (ready?.Reason == Drifted)
        {
            draft.Explain("Promoted", "The patched images are on every workload.");
        }
        else
        {
            Ended.KeepExplanation(draft);
        }
    }

    private static IEnumerable<string> Drift(Draft draft, WorkloadIntent workload) =>
        draft.Observed.Of(workload.Target).Stable is not { } stable
            ? []
            : workload.Images.Where(i => stable.Images.GetValueOrDefault(i.Container) != i.Image)
                .Select(i => $"container {i.Container} of {workload.Target} runs {stable.Images.GetValueOrDefault(i.Container) ?? "nothing"}");
}
