using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout.Gates;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Accepted and waiting for the gates to open. Nothing is touched before the last one has.</summary>
internal static class AwaitingApproval
{
    public const string NoRun = "no run was under way. To keep it from starting: patchoperator.io/reject, or revoke.";

    public static void Decide(Draft draft)
    {
        if (Intake.Obstacle(draft) is { } obstacle)
        {
            Intake.Block(draft, obstacle);
            return;
        }

        if (CommandDesk.Take(draft, Commands.Reject) is { } rejection)
        {
            draft.Enter(PatchPhase.Rejected, "Rejected", $"Rejected: {rejection.Reason}. Nothing was touched. Begin again with patchoperator.io/retry.", rejection.Actor);
            return;
        }

        if (Reverting.BeginIfAsked(draft))
        {
            return;
        }

        ApprovalDesk.TakeBeforeStart(draft);
        CommandDesk.IgnoreAllBut(draft, NoRun, Commands.Abort);
        // Named again by its gate, if the gates before it are open still.
        draft.Status = draft.Status with { Superseding = null };
        if (StartGates.FirstShut(draft) is { } shut)
        {
            CommandDesk.Ignore(draft, NoRun, Commands.Abort);
            draft.Explain(shut.Reason, shut.Message);
        }
        else if (AbortedSinceItsApproval(draft) is { } abort)
        {
            draft.Enter(PatchPhase.Rejected, "Aborted", $"Aborted before it started: {abort.Reason}. Nothing was touched. Begin again with patchoperator.io/retry.", abort.Actor);
        }
        else if (Intake.LeftOutAreReleased(draft))
        {
            Start(draft);
        }
    }

    /// <summary>Whoever approves and thinks better of it at once is right, though nobody here had time to start anything in between.</summary>
    private static Command? AbortedSinceItsApproval(Draft draft)
    {
        var opened = (draft.Status.Approvals ?? []).Select(a => (DateTimeOffset?)a.At).Append(draft.Status.BreakGlass?.At).Max();
        while (CommandDesk.Take(draft, Commands.Abort) is { } abort)
        {
            if (!(abort.Fact?.At < opened))
            {
                return abort;
            }

            CommandDesk.Ignore(draft, NoRun, abort);
        }

        return null;
    }

    private static void Start(Draft draft)
    {
        // Saved before anything is touched, so that every way back is known (S9).
        draft.Status = draft.Status with { Workloads = [.. draft.Intent.Workloads.Select(w => Saved(draft, w, draft.Observed.Of(w.Target)))], Lineage = null, Hold = null };
        draft.Timing(t => t with { StartedAt = draft.Now });
        draft.Enter(
            PatchPhase.Progressing,
            "CanaryStarted",
            $"The canary of {string.Join(", ", draft.Canaries.Select(t => t.Workload))} starts with {draft.Intent.Steps[0].Weight} % of the traffic.");
        if (LeftOut(draft) is { Length: > 0 } leftOut)
        {
            draft.Record(
                "SameImageLeftOut",
                $"{string.Join(" ", leftOut)} They stay as they are: name them in containers with the patched image, or with the one they are to keep if that is meant.");
        }

        Progressing.BeginStep(draft, 0);
    }

    /// <summary>Containers that run what the patch replaces, and that it does not name: an init container that copies the code would go on serving it.</summary>
    private static string[] LeftOut(Draft draft) =>
    [
        .. from workload in draft.Intent.Workloads
           let stable = draft.Observed.Of(workload.Target).Stable
           from other in stable?.Images ?? new Dictionary<string, string>()
           where workload.Images.All(i => i.Container != other.Key)
           from patched in workload.Images
           where !ImageReference.IsSame(stable!.Images.GetValueOrDefault(patched.Container), patched.Image) && ImageReference.IsSame(stable.Images.GetValueOrDefault(patched.Container), other.Value)
           select $"Container {other.Key} of {workload.Target} runs the image that the patch replaces in {patched.Container}.",
    ];

    private static WorkloadStatus Saved(Draft draft, WorkloadIntent workload, WorkloadObservation observed) => new()
    {
        Name = workload.Name,
        Role = workload.Role.ToString(),
        Deployment = workload.Target.Kind is WorkloadKind.Deployment ? workload.Target.Name : null,
        StatefulSet = workload.Target.Kind is WorkloadKind.StatefulSet ? workload.Target.Name : null,
        CronJob = workload.Target.Kind is WorkloadKind.CronJob ? workload.Target.Name : null,
        Canary = workload.HasCanary,
        StableUid = observed.Stable!.Uid,
        PreviousMark = observed.Stable.MarkedBy,
        PreviousTemplateDigest = observed.Stable.TemplateDigest,
        PreviousImages = [.. workload.Images.Select(i => i with { Image = observed.Stable.Images[i.Container] })],
        PatchedImages = workload.Images,
        EarlierImages = ImageLineage.Of(draft, workload, observed.Stable),
        Routes = draft.Intent.IsRouted(workload)
            ? [.. draft.Intent.RoutesOf(workload).Select(route => route with { Backends = observed.Traffic.Routes!.Single(r => r.Route == route.Ref()).Backends })]
            : null,
    };
}
