using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Runs that are over. Nothing starts again but by an edit of the spec or by retry (S7).</summary>
internal static class Ended
{
    public const string Drifted = "DriftDetected";

    public static void Decide(Draft draft)
    {
        CommandDesk.Ignore(draft, $"the patch is {draft.Phase}; begin again with patchoperator.io/retry.", Commands.Approve, Commands.Reject, Commands.Abort, Commands.Revoke);
        if (CommandDesk.TryTake(draft, Commands.Retry, out var reason))
        {
            Intake.Restart(draft, "Retried", $"Retried: {reason}. It needs its approvals anew.", Draft.Unverified);
            return;
        }

        KeepExplanation(draft);
    }

    public static void DecidePromoted(Draft draft)
    {
        CommandDesk.Ignore(draft, "the patch is promoted; set the previous image to go back.", Commands.Approve, Commands.Reject, Commands.Abort, Commands.Retry, Commands.Revoke);
        var drifted = draft.Intent.Workloads.SelectMany(w => Drift(draft, w)).ToArray();
        if (drifted.Length == 0)
        {
            KeepExplanation(draft, unless: Drifted, otherwise: ("Promoted", "The patched images are on every workload."));
            return;
        }

        var message = $"The patched images are no longer everywhere: {string.Join(", ", drifted)}.";
        if (draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready)?.Reason != Drifted)
        {
            draft.Record(Drifted, message);
        }

        draft.Explain(Drifted, message);
    }

    private static IEnumerable<string> Drift(Draft draft, WorkloadIntent workload) =>
        draft.Observed.Of(workload.Target).Stable is not { } stable
            ? []
            : workload.Images.Where(i => stable.Images.GetValueOrDefault(i.Container) != i.Image)
                .Select(i => $"container {i.Container} of {workload.Target} runs {stable.Images.GetValueOrDefault(i.Container) ?? "nothing"}");

    private static void KeepExplanation(Draft draft, string? unless = null, (string Reason, string Message) otherwise = default)
    {
        var ready = draft.Status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);
        if (ready is not null && ready.Reason != unless)
        {
            draft.Explain(ready.Reason, ready.Message);
        }
        else if (otherwise.Reason is not null)
        {
            draft.Explain(otherwise.Reason, otherwise.Message ?? "");
        }
    }
}
