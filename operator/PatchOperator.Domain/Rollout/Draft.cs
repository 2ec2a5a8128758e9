using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Audit;

namespace PatchOperator.Domain.Rollout;

/// <summary>One decision while it is being made. It lives for a single call of <see cref="RolloutDecider.Decide"/>.</summary>
internal sealed class Draft(EmergencyPatch patch, PatchIntent intent, ObservedState observed, OperatorPolicy policy, DateTimeOffset now)
{
    public const string Operator = "patch-operator";

    /// <summary>Who a command is put down to while nothing has authenticated its author.</summary>
    public const string Unverified = "unverified";

    private readonly List<PlanAction> actions = [];
    private readonly List<Notice> notices = [];

    public EmergencyPatch Patch => patch;

    public PatchIntent Intent => intent;

    public ObservedState Observed => observed;

    public OperatorPolicy Policy => policy;

    public DateTimeOffset Now => now;

    public EmergencyPatchStatus Status { get; set; } = StoredTimes.NotAhead(patch.Status ?? new EmergencyPatchStatus(), now);

    public PatchPhase Phase => PatchPhases.Parse(Status.Phase);

    public IReadOnlyList<PlanAction> Actions => actions;

    public IReadOnlyList<Notice> Notices => notices;

    public DateTimeOffset? WakeUpAt { get; private set; }

    public bool IsReleased { get; set; }

    /// <summary>Why the patch is where it is; the reason and message of the Ready condition.</summary>
    public (string Reason, string Message) Explanation { get; private set; } = ("", "");

    /// <summary>What is known of the canary's health in this decision, if anything new is.</summary>
    public (string Status, string Reason, string Message)? Health { get; set; }

    /// <summary>What the audit trail is like, if it was looked at.</summary>
    public (string Status, string Reason, string Message)? Audit { get; set; }

    /// <summary>What is known of the routes in this decision, where routes split the traffic.</summary>
    public (string Status, string Reason, string Message)? Traffic { get; set; }

    /// <summary>The workloads of the run, as the status has them, each with what was seen of it.</summary>
    public IReadOnlyList<Target> Targets => [.. (Status.Workloads ?? []).Select(w => new Target(w, observed.Of(w.Target())))];

    public IReadOnlyList<Target> Canaries => [.. Targets.Where(t => t.HasCanary)];

    /// <summary>Whose traffic and metrics decide: the canaries that answer requests, and where there are none, the consumers'.</summary>
    public IReadOnlyList<Target> Judged => Canaries is var all && all.Any(t => t.Role is WorkloadRole.Web) ? [.. all.Where(t => t.Role is WorkloadRole.Web)] : all;

    /// <summary>Commands that the webhook recorded and nobody took yet, oldest first.</summary>
    public IReadOnlyList<RecordedFact> Facts { get; set; } = [];

    /// <summary>Who is proven to have asked for this patch.</summary>
    public IReadOnlyList<AuthorStatus> Authors => Authorship.Proven(patch with { Status = Status }, observed.Keys);

    /// <summary>The last change of its images was to these, and went through: what it runs instead, someone else brought. After a restart nobody knows.</summary>
    public bool HasGiven(Target target, IReadOnlyList<ImageRecord> images) => observed.ImagesSet.Any(s => s.Workload == target.Workload
        && s.Wanted.All(w => images.Any(i => i.Container == w.Container && ImageReference.IsSame(i.Image, w.Image))));

    public void Update(Target target, Func<WorkloadStatus, WorkloadStatus> change) =>
        Status = Status with { Workloads = [.. Status.Workloads!.Select(w => w.Name == target.Name ? change(w) : w)] };

    public void Do(PlanAction action) => actions.Add(action);

    /// <summary>What this decision came to so far is not to be done: it went the other way.</summary>
    public void DoNothingSoFar() => actions.Clear();

    public void Explain(string reason, string message) => Explanation = (reason, message);

    public void WakeAt(DateTimeOffset at) => WakeUpAt = WakeUpAt is { } earlier && earlier <= at ? earlier : at;

    /// <summary>For what comes by an event and is looked at again in case it does not: a time that has passed would be no pause.</summary>
    public void LookAgainAt(DateTimeOffset due) => WakeAt(due > Now ? due : Now + Schedule.LookAgain);

    public void Tell(string reason, string message, bool isWarning = true) => notices.Add(new Notice(reason, message, isWarning));

    /// <summary>Something that belongs in the trail without a change of phase: an approval, a step.</summary>
    public void Record(string action, string detail, string actor = Operator) => Append(action, null, null, detail, actor);

    /// <summary>The new phase, one audit record, and the explanation to go with it.</summary>
    public void Enter(PatchPhase to, string reason, string message, string actor = Operator)
    {
        Append(reason, Status.Phase ?? nameof(PatchPhase.Pending), to.ToString(), message, actor);
        Status = Status with
        {
            Phase = to.ToString(),
            Timings = (Status.Timings ?? new TimingStatus()) with { PhaseStartedAt = now, TrafficWithdrawnAt = null, RolloutDeadline = null },
        };
        Explain(reason, message);

        // The next phase's own rules apply at once, not at the next event.
        WakeAt(now);
    }

    public void Timing(Func<TimingStatus, TimingStatus> change) => Status = Status with { Timings = change(Status.Timings ?? new TimingStatus()) };

    private void Append(string action, string? from, string? to, string detail, string actor) => Status = Status with
    {
        Audit = AuditChain.Append(Status.Audit, new AuditEntry
        {
            At = now,
            Actor = actor,
            Action = action,
            From = from,
            To = to,
            SpecDigest = Status.SpecDigest ?? intent.Digest,
            Detail = detail,
        }),
    };
}
