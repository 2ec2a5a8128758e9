namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>
/// No request goes to a pod of the canary that nobody measures: Prometheus takes up to a few scrapes to find a new pod, and what the pod answers until then is
/// seen too late. A readiness gate keeps it out of every Service until its metrics are scraped, for a bounded time.
/// </summary>
internal static class CanaryAdmission
{
    /// <summary>Consumers take their messages themselves, whatever a Service thinks of them.</summary>
    public static bool IsWanted(Draft draft, Target target) => draft.Intent.ScrapesFirst && target.Role is WorkloadRole.Web;

    /// <summary>Opens the gates of the pods that are scraped, or have waited long enough.</summary>
    public static void Admit(Draft draft)
    {
        foreach (var target in draft.Canaries)
        {
            var shut = target.Observed.CanaryPods.Where(p => p.WaitsAtGate).ToArray();
            var admitted = shut.Where(p => draft.Observed.Scraped.Contains(p.Name, StringComparer.Ordinal) || Latest(draft, p) <= draft.Now).Select(p => p.Name).ToArray();
            if (admitted.Length > 0)
            {
                draft.Do(new AdmitPods(target.Name, admitted));
            }

            if (shut.Length > 0)
            {
                // Also for those that are admitted now: the write may be lost.
                draft.WakeAt(draft.Now + Schedule.LookAgain);
            }
        }
    }

    /// <summary>What a pod that could serve waits for; null when none does.</summary>
    public static string? Waiting(Draft draft, Target target) => target.Observed.CanaryPods.FirstOrDefault(p => p.WaitsAtGate) is { } pod
        ? $"Pod {pod.Name} gets requests when Prometheus has scraped it, or at {Latest(draft, pod):u}."
        : null;

    /// <summary>With a short deadline there must be time left to serve in.</summary>
    private static DateTimeOffset Latest(Draft draft, PodObservation pod)
    {
        var half = draft.Intent.ProgressDeadline / 2;
        return pod.ContainersReadyAt!.Value + (half < draft.Policy.ScrapePatience ? half : draft.Policy.ScrapePatience);
    }
}
