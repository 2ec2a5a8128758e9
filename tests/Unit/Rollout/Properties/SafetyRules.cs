using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>
/// S1 to S15 as they show in single decisions, judged from what was seen and decided alone: nothing here asks the code under test for its opinion.
/// What needs a future (a revert that ends, a wait that ends) is in <see cref="RolloutProperties"/>.
/// </summary>
internal sealed partial class SafetyRules(ModelCluster cluster)
{
    private readonly List<string> violations = [];
    private readonly Dictionary<(int Run, int Step), (DateTimeOffset StartedAt, DateTimeOffset? NotBefore)> steps = [];
    private long newestSequence;
    private readonly HashSet<string> knowOlder = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Violations => violations;

    public void Break(string what) => violations.Add(what);

    public void Check(Decision decision, Decider decider)
    {
        var (from, to) = (Phase(decision.Before.Status), Phase(decision.Plan.Status));
        S2_pods_go_only_without_traffic(decision);
        CheckRoutes(decision, from, to);
        S3_S4_S5_only_good_numbers_advance_and_only_bad_ones_revert(decision, from, to);
        S6_no_timer_moves_and_no_step_repeats(decision);
        S6_the_watch_has_one_end(decision);
        S6_the_same_input_gives_the_same_plan(decision, decider);
        S7_nothing_starts_again_by_itself(decision, from, to);
        S8_only_what_is_ours_is_touched(decision, from, to);
        S8_only_approved_images_are_brought(decision);
        S8_nothing_gives_way_to_a_Git_that_lags_behind(decision, from, to);
        S9_the_way_back_is_known_first(decision);
        S10_S11_a_start_needs_its_approval_and_the_workload_for_itself(decision, from, to);
        S13_nothing_runs_twice_on_mixed_code(decision);
        S14_what_pods_alone_are_told_is_told_to_nobody(decision);
        S15_every_transition_has_one_record(decision, from, to);
        Who_waits_is_woken(decision, to);
    }

    private void S2_pods_go_only_without_traffic(Decision decision)
    {
        foreach (var delete in decision.Plan.Actions.OfType<DeleteCanary>())
        {
            var seen = decision.Observed.Of(new WorkloadRef(WorkloadKind.Deployment, delete.Deployment));
            var status = decision.Before.Status!;
            var since = status.Revert is not null ? status.Timings?.PhaseStartedAt : status.Workloads!.Max(w => w.PatchedAt);
            var isProven = seen.Traffic is { IsKnown: true, CanaryEndpoints: 0 } && IsLeftAlone(seen.Traffic) && !seen.CanaryPods.Any(p => p is { InRotation: true, IsTerminating: false });
            Expect(isProven || since + cluster.Policy.WithdrawalProof <= decision.Now, $"S2: {delete.Deployment}'s canary pods go while requests may reach them");
        }
    }

    private void S3_S4_S5_only_good_numbers_advance_and_only_bad_ones_revert(Decision decision, PatchPhase from, PatchPhase to)
    {
        var (before, after) = (decision.Before.Status?.Step, decision.Plan.Status.Step);
        var advances = from is PatchPhase.Progressing && (to is PatchPhase.Promoting || (to is PatchPhase.Progressing && after!.Index != before!.Index));
        if (advances)
        {
            Expect(decision.Observed.Readings is { Count: > 0 }, "S3: the run advances without a measurement");
            Expect(decision.Mood is MetricsMood.Good or MetricsMood.StandingStill, $"S3/S4/S5: the run advances on metrics that are {decision.Mood}");
            var holdsAreSkipped = decision.Plan.Status.PromoteNow is not null;
            Expect(before!.NotBefore <= decision.Now || holdsAreSkipped, $"S6: the run advances at {decision.Now:T}, before the hold is over at {before.NotBefore:T}");
            Expect(decision.Intent.Digest == decision.Before.Status!.SpecDigest, "S10: the run advances on another spec than it began with");
            Expect(!IsFrozen(decision), "the run advances although it is suspended");
            Expect(to is not PatchPhase.Promoting || holdsAreSkipped || before.Index == decision.Intent.Steps.Count - 1, "the run is promoted before its last step");
        }

        Expect(!(from is not PatchPhase.Promoting && to is PatchPhase.Promoting) || from is PatchPhase.Progressing or PatchPhase.Degraded, $"the run is promoted from {from}");
        if (to is PatchPhase.Reverting && decision.Before.Status?.Revert is null && decision.Plan.Status.Revert!.Reason == "AnalysisFailed")
        {
            Expect(decision.Mood is MetricsMood.Bad, $"S4/S5: the patch is blamed for metrics that are {decision.Mood}");
        }
    }

    private void S6_no_timer_moves_and_no_step_repeats(Decision decision)
    {
        if (decision.Plan.Status is not { Step: { } step, Run: { } run })
        {
            return;
        }

        if (!steps.TryGetValue((run, step.Index), out var known))
        {
            Expect(step.Index == 0 || steps.ContainsKey((run, step.Index - 1)), $"step {step.Index} begins without the one before it");
            known = (step.StartedAt, null);
        }

        // A decision whose status was never stored may be made anew, with a later time.
        var stored = decision.Before.Status?.Step is { } before && decision.Before.Status.Run == run && before.Index == step.Index;
        Expect(!stored || known.StartedAt == step.StartedAt, $"S6: step {step.Index} of run {run} began twice");
        Expect(!stored || decision.Before.Status!.Step!.NotBefore is not { } end || step.NotBefore == end || step.NotBefore == end + TimeAtAnotherWeight(decision, end, step.NotBefore), $"S6: the end of step {step.Index}'s hold moved from {decision.Before.Status?.Step?.NotBefore:T} to {step.NotBefore:T}");
        steps[(run, step.Index)] = (step.StartedAt, step.NotBefore);
    }

    /// <summary>The time in which someone else's edit gave the canary another weight does not count, nor that in which it had no pod to get requests.</summary>
    private static TimeSpan? TimeAtAnotherWeight(Decision decision, DateTimeOffset end, DateTimeOffset? to)
    {
        var status = decision.Before.Status!;
        return status.Workloads!.SelectMany(w => new[] { w.Scale?.OffSince, w.CanaryDownSince }).Append(status.Step!.Routing?.OffSince).Append(status.Step.Routing?.MovingSince)
            .Select(since => decision.Now - since)
            .FirstOrDefault(span => end + span == to);
    }

    private void S6_the_watch_has_one_end(Decision decision)
    {
        if (decision.Before.Status?.Watch is { } before && decision.Plan.Status.Watch is { } after && before.StartedAt == after.StartedAt)
        {
            Expect(before.Until == after.Until && (before.EndedAt is null || before.EndedAt == after.EndedAt), "S6: the end of the watch moved");
        }
    }

    private void S6_the_same_input_gives_the_same_plan(Decision decision, Decider decider)
    {
        var again = decider(decision.Before, decision.Intent, decision.Observed, cluster.Policy, decision.Now);
        Expect(
            ModelCluster.Same(again.Status, decision.Plan.Status) && again.WakeUpAt == decision.Plan.WakeUpAt && again.Actions.Select(a => a.GetType()).SequenceEqual(decision.Plan.Actions.Select(a => a.GetType())),
            "S6: the same input gives two plans");
    }

    private void S7_nothing_starts_again_by_itself(Decision decision, PatchPhase from, PatchPhase to)
    {
        var isOver = from is PatchPhase.Promoted or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded;
        // Of a workload that is gone nobody knows anything; an image is newer when it is neither what was there before the run nor what the run brought.
        var isNewer = (decision.Before.Status?.Workloads ?? []).Any(w =>
            decision.Observed.Of(w.Target()).Stable is { } stable && stable.Images["php"] != Story.New && w.PreviousImages?.SingleOrDefault(p => p.Container == "php")?.Image != stable.Images["php"]);
        var gaveWay = from is PatchPhase.Promoted && to is PatchPhase.Superseded && isNewer;
        var isWatched = from is PatchPhase.Promoted && to is PatchPhase.Reverting && decision.Plan.Status.Revert!.Reason == "WatchFailed";
        Expect(!isWatched || decision.WasBadLately, $"S3/S4: the promoted patch is taken back for metrics that are {decision.Mood}, and were not bad lately");
        Expect(!isWatched || (decision.Observed.Readings is not null && decision.Before.Status!.Watch is { EndedAt: null }), "the promoted patch is taken back without a watch");
        var isLate = isOver && to is PatchPhase.Reverting && decision.Plan.Status.Revert!.Reason == "LateWrite";
        Expect(
            !isLate || (decision.Before.Status!.Revert is not null && decision.Observed.Workloads.Values.Any(w => w.Canary is { IsOurs: true } || w.Stable is { MarkedBy: not null, OwnsImages: true } stable && stable.Images["php"] == Story.New)),
            "S7: a run is taken back once more, and nothing of it is there");
        var isAsked = isLate || isWatched || gaveWay || decision.Observed.Commands.ContainsKey(Commands.Retry) || decision.Observed.Commands.ContainsKey(Commands.Revert) || decision.Intent.Digest != decision.Before.Status?.SpecDigest || decision.Before.Metadata.IsTerminating;
        Expect(!isOver || to == from || isAsked, $"S7: {from} became {to} by itself");
    }

    private void S8_only_what_is_ours_is_touched(Decision decision, PatchPhase from, PatchPhase to)
    {
        var targets = decision.Plan.Status.Workloads ?? [];
        foreach (var action in decision.Plan.Actions)
        {
            switch (action)
            {
                case EnsureCanary { Deployment: var name }:
                    Expect(decision.Observed.Of(new WorkloadRef(WorkloadKind.Deployment, name)).Canary is null or { IsOurs: true }, $"S8: {action} changes someone else's Deployment");
                    Expect(to is PatchPhase.Progressing or PatchPhase.Paused || StandsInForStable(decision, from, name), $"S8: {action} in {to}");
                    break;
                case AdmitPods:
                    Expect(to is PatchPhase.Progressing or PatchPhase.Paused || (to is PatchPhase.Promoting or PatchPhase.Degraded && decision.Plan.Status.Revert is null), $"S1: {action} in {to}: a canary that is taken back gets more requests");
                    break;
                case DeleteCanary { Deployment: var name }:
                    Expect(decision.Observed.Of(new WorkloadRef(WorkloadKind.Deployment, name)).Canary is { IsOurs: true }, $"S8: {action} deletes someone else's Deployment");
                    break;
                case SetStableImages set:
                    var target = targets.Single(t => t.Target() == set.Workload);
                    var now = decision.Observed.Of(set.Workload).Stable;
                    var forwards = set.Wanted.All(w => target.PatchedImages!.Contains(w));
                    Expect(now?.Uid == target.StableUid && set.StableUid == target.StableUid, $"S8: {action} changes another object than the run began with");
                    Expect(set.Expected.All(e => now!.Images.GetValueOrDefault(e.Container) is var image && (image == e.Image || image == set.Wanted.Single(w => w.Container == e.Container).Image)), $"S8: {action} overwrites someone else's image");
                    var isSetBack = set.Expected.All(e => now!.Images.GetValueOrDefault(e.Container) == ModelCluster.Older) && to is PatchPhase.Progressing or PatchPhase.Paused;
                    Expect(isSetBack || forwards ? isSetBack || to is PatchPhase.Promoting or PatchPhase.Promoted || (to is PatchPhase.Degraded && decision.Plan.Status.Revert is null) : decision.Plan.Status.Revert is not null, $"{action} in {to}");
                    break;
            }
        }
    }

    private void S8_only_approved_images_are_brought(Decision decision)
    {
        foreach (var image in decision.Plan.Actions.OfType<EnsureCanary>().SelectMany(e => e.Images))
        {
            Expect(image.Image == Story.New, $"S10: a canary runs {image.Image[^4..]}, which nobody approved");
        }

        foreach (var set in decision.Plan.Actions.OfType<SetStableImages>())
        {
            var saved = decision.Plan.Status.Workloads!.Single(t => t.Target() == set.Workload).PreviousImages!;
            Expect(set.Wanted.All(w => w.Image == Story.New || saved.Contains(w)), $"S10: {set.Workload} is told to run what nobody approved and it did not run before");
        }
    }

    /// <summary>What an earlier patch replaced, and what ran before the run, are nobody's newer decision, however often a run ended and began again.</summary>
    private void S8_nothing_gives_way_to_a_Git_that_lags_behind(Decision decision, PatchPhase from, PatchPhase to)
    {
        var (before, after) = (decision.Before.Status, decision.Plan.Status);
        if (!from.IsRunning() && to is PatchPhase.Progressing)
        {
            foreach (var workload in after.Workloads!)
            {
                var isKnown = (workload.EarlierImages ?? []).Any(e => e.Image == ModelCluster.Older);
                Expect(
                    isKnown || workload.PreviousImages!.Single().Image != Story.Old || !(cluster.EarlierPatchExists || knowOlder.Contains(workload.Name)),
                    $"S8: a run begins, and what earlier patches replaced on {workload.Name} is forgotten");
                _ = isKnown ? knowOlder.Add(workload.Name) : knowOlder.Remove(workload.Name);
            }
        }

        if ((from is PatchPhase.Promoted && to is PatchPhase.Superseded) || (before?.Revert is null && after.Revert is { Reason: "StableChangedByOthers" }))
        {
            Expect(before!.Workloads!.Any(w => IsNewer(w, decision.Observed.Of(w.Target()).Stable)), "S8: the patch gives way, and nobody has set a newer image");
        }

        // From here on somebody else has decided, or Git has followed: who goes back now means it.
        if (to is PatchPhase.Superseded || after.Revert is { Then: nameof(PatchPhase.Superseded) })
        {
            knowOlder.Clear();
        }

        knowOlder.ExceptWith((after.Workloads ?? []).Where(w => w.AdoptedAt is not null).Select(w => w.Name));
    }

    private bool IsNewer(WorkloadStatus workload, StableObservation? stable) =>
        stable?.Images["php"] is { } now
        && now != workload.PreviousImages!.Single().Image
        && !(now == ModelCluster.Older && knowOlder.Contains(workload.Name))
        && (now != Story.New || workload.PromotionStartedAt is null);

    /// <summary>Once stable is being promoted a canary is only brought back to what it was, and only as long as it has traffic and some workload is not patched.</summary>
    private static bool StandsInForStable(Decision decision, PatchPhase from, string name)
    {
        var workload = new WorkloadRef(WorkloadKind.Deployment, name);
        return from is PatchPhase.Promoting or PatchPhase.Degraded
            && decision.Before.Status is { Revert: null, Step: not null, Timings.TrafficWithdrawnAt: null, Workloads: { } targets }
            && decision.Plan.Status.Revert is null
            && targets.Any(t => t.PatchedAt is null)
            && targets.Single(t => t.Target() == workload) is var target
            && decision.Observed.Of(workload) is { Stable: { } stable } seen
            && stable.Uid == target.StableUid
            && (seen.Canary is null || seen.Canary.Replicas != target.CanaryReplicas || decision.Plan.Status.Workloads!.Single(w => w.Target() == workload).StandsInSince is not null);
    }

    private void S9_the_way_back_is_known_first(Decision decision)
    {
        var (before, after) = (decision.Before.Status?.Workloads, decision.Plan.Status.Workloads);
        var touches = decision.Plan.Actions.Any(a => a is EnsureCanary or SetStableImages or SuspendCronJob);
        Expect(!touches || after is { Count: > 0 } && after.All(w => w.PreviousImages is { Count: > 0 } && w.StableUid is not null), "S9: something is touched before the way back is saved");
        var starts = !Phase(decision.Before.Status).IsRunning() && Phase(decision.Plan.Status) is PatchPhase.Progressing;
        foreach (var workload in starts ? after! : [])
        {
            var seen = decision.Observed.Of(workload.Target()).Stable!.Images;
            Expect(workload.PreviousImages!.All(i => seen.GetValueOrDefault(i.Container) == i.Image), $"S9: the images of {workload.Name} that were saved are not those that ran");
        }

        foreach (var workload in Phase(decision.Before.Status).IsRunning() && Phase(decision.Plan.Status).IsRunning() ? after ?? [] : [])
        {
            var saved = before?.FirstOrDefault(w => w.Name == workload.Name)?.PreviousImages;
            Expect(saved is null || saved.SequenceEqual(workload.PreviousImages ?? []), $"S9: the saved images of {workload.Name} changed in mid-run");
        }
    }

    private void S10_S11_a_start_needs_its_approval_and_the_workload_for_itself(Decision decision, PatchPhase from, PatchPhase to)
    {
        if (from.IsRunning() || to is not PatchPhase.Progressing)
        {
            return;
        }

        var approvals = decision.Plan.Status.Approvals ?? [];
        Expect(approvals.Any(a => a.SpecDigest == decision.Intent.Digest && a.ExpiresAt > decision.Now), "S10: the run starts without an approval of this spec");
        var history = cluster.Trail.Concat(decision.Plan.Status.Audit?.Recent ?? []).DistinctBy(r => r.Sequence).ToArray();
        var sinceRestart = history.Reverse().TakeWhile(r => r.Action is not ("ApprovalRevoked" or "SpecChanged" or "Retried")).ToArray();
        Expect(sinceRestart.Any(r => r.Action == "ApprovalRecorded"), "S10: the run starts on an approval that was given for another run or taken back");
        Expect(decision.Observed.HeldBy is null, $"S11: the run starts beside {decision.Observed.HeldBy?.Patch}");
        Expect(!IsFrozen(decision), "the run starts although it is suspended");
        Expect(decision.Observed.Workloads.Values.All(w => w.Canary is null), "the run starts while a canary is there");
    }

    private void S13_nothing_runs_twice_on_mixed_code(Decision decision)
    {
        foreach (var action in decision.Plan.Actions)
        {
            Expect(action is not EnsureCanary { Deployment: "magento-consumers" or "magento-cron" }, $"S13: {action} doubles what must not run twice");
            if (action is SuspendCronJob { Suspend: false } resume)
            {
                var stable = decision.Observed.Of(new WorkloadRef(WorkloadKind.CronJob, resume.CronJob)).Stable!;

                // When a deleted patch is let go at its limit, and then alone, nobody is left to resume it later.
                var isLetGo = decision.Plan.IsReleased && cluster.Policy.LetGoAt(decision.Before.Status) <= decision.Now;
                Expect(decision.Before.Status!.Workloads!.Single(w => w.CronJob == resume.CronJob).WasSuspended is false, "S13: a CronJob goes on that its user had suspended");
                Expect(isLetGo || stable.ActiveJobs.All(j => j.Images.All(i => stable.Images.GetValueOrDefault(i.Key) == i.Value)), "S13: cron goes on while a Job of other code runs");
            }
        }
    }

    private void S14_what_pods_alone_are_told_is_told_to_nobody(Decision decision) => Expect(
        !ModelCluster.Text(decision.Plan.Status).Contains(ModelCluster.Secret, StringComparison.Ordinal) && !decision.Plan.Notices.Any(n => n.Message.Contains(ModelCluster.Secret, StringComparison.Ordinal)),
        "S14: status, trail or events hold a value of the canary's environment");

    private void S15_every_transition_has_one_record(Decision decision, PatchPhase from, PatchPhase to)
    {
        var stored = decision.Before.Status?.Audit;
        var added = (decision.Plan.Status.Audit?.Recent ?? []).Where(r => r.Sequence > (stored?.Sequence ?? 0)).ToArray();
        var path = added.Where(r => r.To is not null).ToArray();
        Expect((from == to && path.Length == 0) || (path.Length > 0 && path[^1].To == to.ToString() && path[0].From == from.ToString()), $"S15: {from} became {to} with the records {string.Join(", ", path.Select(r => $"{r.From}>{r.To}"))}");
        Expect(path.Zip(path.Skip(1)).All(pair => pair.First.To == pair.Second.From), "S15: a transition is missing in the trail");
        Expect(added.Select(r => r.Sequence).SequenceEqual(Enumerable.Range(1, added.Length).Select(i => (stored?.Sequence ?? 0) + i)), "S15: the records of one decision are not in sequence");

        // Nothing leaves the status before it is in the trail.
        var waiting = (stored?.Recent ?? []).Where(r => r.Sequence > (cluster.Trail is [.., var last] ? last.Sequence : 0));
        Expect(waiting.All(r => decision.Plan.Status.Audit!.Recent!.Any(p => p.Sequence == r.Sequence)), "S15: a record was dropped before it was in the trail");
        if (cluster.Trail.Count > newestSequence)
        {
            newestSequence = cluster.Trail.Count;
            Expect(AuditChain.FindFault(cluster.Trail) is null, $"S15: {AuditChain.FindFault(cluster.Trail)}");
        }
    }

    private static bool IsFrozen(Decision decision) => decision.Intent.Suspended || decision.Plan.Status is { Suspension: not null } or { Revocation: not null };

    /// <summary>Degraded, Paused and a promotion that is suspended wait for people and for the cluster, whose events wake the operator; the others must not wait for luck.</summary>
    private void Who_waits_is_woken(Decision decision, PatchPhase to)
    {
        var mustWake = to is PatchPhase.Progressing or PatchPhase.Promoting or PatchPhase.Reverting && !decision.Plan.IsReleased && !(to is PatchPhase.Promoting && IsFrozen(decision));
        mustWake = mustWake || (to is PatchPhase.Promoted && decision.Plan.Status.Watch is { EndedAt: null } && !decision.Plan.IsReleased && !decision.Before.Metadata.IsTerminating);
        Expect(!mustWake || decision.Plan.WakeUpAt is not null || decision.Plan.Actions.Count > 0, $"{to} waits for ever: nothing wakes it");
    }

    private static PatchPhase Phase(EmergencyPatchStatus? status) => PatchPhases.Parse(status?.Phase);

    private void Expect(bool holds, string violation)
    {
        if (!holds)
        {
            violations.Add(violation);
        }
    }
}
