using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// While stable rolls out, or cannot, the canary serves on. It goes on being measured, which takes a bad one back as in the steps, and one that somebody
/// deleted is made again: its share of the traffic would lead nowhere.
/// </summary>
internal static class CanaryGuard
{
    /// <summary>Until every workload runs the patched images, the canaries are needed.</summary>
    public static bool IsOn(EmergencyPatchStatus? status) =>
        status is { Phase: nameof(PatchPhase.Promoting) or nameof(PatchPhase.Degraded), Revert: null, Step: not null, Timings.TrafficWithdrawnAt: null }
        && (status.Workloads ?? []).Any(w => w.PatchedAt is null);

    /// <summary>True when the run is taken back.</summary>
    public static bool Decide(Draft draft)
    {
        if (!IsOn(draft.Status))
        {
            return false;
        }

        CanaryDown.Follow(draft);
        Progressing.Measure(draft);
        if (Progressing.Failure(draft, IsBadByItself) is { } failure)
        {
            Reverting.Begin(draft, failure);
            return true;
        }

        foreach (var target in draft.Canaries.Where(t => t is { Observed.Canary: null, Stable: not null }))
        {
            CanaryKeeping.Make(draft, target, CanaryKeeping.Wanted(draft, target));
        }

        foreach (var target in draft.Canaries)
        {
            CanaryImages.Hold(draft, target);
        }

        foreach (var target in draft.Canaries)
        {
            ScaleKeeping.Hold(draft, target);
        }

        CanaryAdmission.Admit(draft);
        if (draft.Status.Step!.CountedSince() is not null)
        {
            var next = Schedule.NextMeasurement(draft.Status, draft.Intent, draft.Now);
            draft.WakeAt(next > draft.Now && !draft.Observed.IsMeasuring ? next : draft.Now + Schedule.LookAgain);
        }

        return false;
    }

    /// <summary>Stable's pods are being replaced, and their counts with them: what only the comparison with them says is no proof now.</summary>
    private static bool IsBadByItself(MetricStatus metric) => metric.Reason is AssessmentReasons.CeilingExceeded or AssessmentReasons.ValueOutOfLimits;
}
