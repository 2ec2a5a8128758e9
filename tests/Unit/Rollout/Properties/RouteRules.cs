using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>The same where a route splits the traffic.</summary>
internal sealed partial class SafetyRules
{
    private (int Run, int Step)? held;
    private DateTimeOffset? heldFrom;
    private DateTimeOffset? offSince;
    private TimeSpan off;

    public bool EndWasSeen { get; private set; } = true;

    /// <summary>What was decided from is known from now on. The time of a hold is reckoned here once more, from the route alone.</summary>
    public void Stored(Decision decision)
    {
        var key = decision.Plan.Status is { Step: { } step, Run: { } run } ? (run, step.Index) : ((int, int)?)null;
        if (key != held)
        {
            (held, heldFrom, offSince, off) = (key, null, null, TimeSpan.Zero);
        }

        if (Phase(decision.Before.Status).IsRunning() && !Phase(decision.Plan.Status).IsRunning())
        {
            EndWasSeen = TrafficOf(decision) is not { IsKnown: false };
        }

        if (key is null || TrafficOf(decision) is not { IsKnown: true } traffic)
        {
            return;
        }

        heldFrom ??= decision.Plan.Status.Step!.NotBefore is null ? null : decision.Now;
        if (heldFrom is not null && offSince is null && traffic.Routes!.Any(r => !r.Exists || r.Weight != decision.Plan.Status.Step!.Weight))
        {
            offSince = decision.Now;
        }
        else if (IsAt(traffic, decision.Plan.Status.Step!.Weight))
        {
            off += decision.Now - offSince ?? TimeSpan.Zero;
            offSince = null;
        }
    }

    private void CheckRoutes(Decision decision, PatchPhase from, PatchPhase to)
    {
        if (TrafficOf(decision) is not { } traffic)
        {
            return;
        }

        S2_what_a_route_names_is_not_taken_from_under_it(decision, traffic);
        S1_a_canary_that_is_taken_back_gets_no_weight(decision, traffic, to);
        S3_a_step_passes_and_its_hold_begins_at_its_own_weight(decision, traffic, from, to);
        S6_a_hold_lasts_at_its_own_weight(decision, from, to);
        S8_in_the_end_the_route_is_as_before(decision, traffic, from, to);
        S9_what_a_route_was_is_saved_before_it_is_changed(decision, traffic);
    }

    /// <summary>Null where nobody looked, or no route is used.</summary>
    private static TrafficObservation? TrafficOf(Decision decision) =>
        decision.Observed.Workloads.Values.Select(w => w.Traffic).FirstOrDefault(t => t.Routes is not null);

    private static bool IsAt(TrafficObservation traffic, int weight) => traffic.CanaryIsReachable && traffic.Routes!.All(r => r.Exists && r.HasFollowed && r.Weight == weight);

    private static bool IsLeftAlone(TrafficObservation traffic) => traffic.Routes is not { } routes || (!traffic.CanaryIsReachable && routes.All(r => r is { NamesCanary: false, HasFollowed: true }));

    private void S2_what_a_route_names_is_not_taken_from_under_it(Decision decision, TrafficObservation traffic)
    {
        foreach (var delete in decision.Plan.Actions.OfType<DeleteRouting>())
        {
            Expect(traffic.IsKnown && !traffic.Routes!.Any(r => r.NamesCanary), $"S2: {delete} while a route may name it");
        }
    }

    private void S1_a_canary_that_is_taken_back_gets_no_weight(Decision decision, TrafficObservation traffic, PatchPhase to)
    {
        var after = decision.Plan.Status;
        var mayHaveTraffic = to is PatchPhase.Progressing or PatchPhase.Paused
            || (to is PatchPhase.Promoting or PatchPhase.Degraded && after.Revert is null && after.Timings?.TrafficWithdrawnAt is null);
        foreach (var ensure in decision.Plan.Actions.OfType<EnsureRoutes>())
        {
            Expect(mayHaveTraffic, $"S1: EnsureRoutes at {ensure.Weight} % in {to}: a canary that is taken back gets requests");
            Expect(
                ensure.Weight is null or 0 || traffic.StableEndpoints == 0 || decision.Observed.Workloads.Values.Any(w => w.CanaryPods.Any(p => p.Ready)),
                $"S2: EnsureRoutes at {ensure.Weight} %, and no pod of the canary is there to answer");
        }
    }

    private void S3_a_step_passes_and_its_hold_begins_at_its_own_weight(Decision decision, TrafficObservation traffic, PatchPhase from, PatchPhase to)
    {
        var (before, after) = (decision.Before.Status?.Step, decision.Plan.Status.Step);
        var isInPlace = traffic.IsKnown && before is not null && IsAt(traffic, before.Weight);
        Expect(!Advances(from, to, before, after) || isInPlace, $"S3: the run advances from a step at {before?.Weight} % while the route or its gateway is not there");
        var begins = before is { NotBefore: null } && after is { NotBefore: not null } && before.Index == after.Index;
        Expect(!begins || isInPlace, $"S3: the hold of a step at {before?.Weight} % begins while the route or its gateway is not there");
    }

    private void S6_a_hold_lasts_at_its_own_weight(Decision decision, PatchPhase from, PatchPhase to)
    {
        var before = decision.Before.Status?.Step;
        if (heldFrom is { } since && Advances(from, to, before, decision.Plan.Status.Step) && decision.Plan.Status.PromoteNow is null)
        {
            var lasted = decision.Now - since - off - (decision.Now - offSince ?? TimeSpan.Zero);
            Expect(lasted >= decision.Intent.Steps[before!.Index].Hold, $"S6: a hold of {decision.Intent.Steps[before.Index].Hold.TotalSeconds} s had the route at its weight for {lasted.TotalSeconds} s");
        }
    }

    private void S8_in_the_end_the_route_is_as_before(Decision decision, TrafficObservation traffic, PatchPhase from, PatchPhase to)
    {
        Expect(from.IsRunning() || to is not PatchPhase.Progressing || (traffic.IsKnown && traffic.Routes!.All(r => r is { Exists: true, NamesCanary: false })), "S8: a run begins with a route that names a canary, or is not there");
        var ends = from.IsRunning() && !to.IsRunning();
        var isLetGo = decision.Plan.IsReleased && !(cluster.Policy.LetGoAt(decision.Before.Status) <= decision.Now);
        if ((ends || isLetGo) && traffic.IsKnown)
        {
            Expect(cluster.RouteIsTheirs && !cluster.Route!.ServiceExists, $"S8: {from} became {to}, and the route is not as before or what was made for it is still there");
        }
    }

    private void S9_what_a_route_was_is_saved_before_it_is_changed(Decision decision, TrafficObservation traffic)
    {
        foreach (var ensure in decision.Plan.Actions.OfType<EnsureRoutes>().Where(e => e.Weight is not null))
        {
            var saved = decision.Plan.Status.Workloads!.Single(w => w.Name == ensure.Name).Routes!.Single().Backends ?? [];
            var seen = traffic.Routes!.Single();
            Expect(ensure.Routes.Single().Backends!.SequenceEqual(saved), "S9: a route is changed by other words than what is saved of it");
            Expect(!seen.Exists || saved.SequenceEqual(seen.Backends), "S9: a route is changed before what it was is saved");
        }
    }

    private static bool Advances(PatchPhase from, PatchPhase to, StepStatus? before, StepStatus? after) =>
        from is PatchPhase.Progressing && (to is PatchPhase.Promoting || (to is PatchPhase.Progressing && after!.Index != before!.Index));
}
