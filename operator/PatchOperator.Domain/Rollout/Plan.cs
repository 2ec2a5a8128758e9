using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Rollout;

/// <summary>What one decision came to. The status is stored first (it names the intent), then the actions are done; both may be repeated.</summary>
public sealed record Plan
{
    public required EmergencyPatchStatus Status { get; init; }

    public IReadOnlyList<PlanAction> Actions { get; init; } = [];

    /// <summary>Things worth an event that change no phase.</summary>
    public IReadOnlyList<Notice> Notices { get; init; } = [];

    /// <summary>When to decide again if nothing happens before; null to wait for an event.</summary>
    public DateTimeOffset? WakeUpAt { get; init; }

    /// <summary>For a resource that is being deleted: everything is as before it came, the finalizer may go.</summary>
    public bool IsReleased { get; init; }
}

public sealed record Notice(string Reason, string Message, bool IsWarning);

/// <summary>One idempotent write.</summary>
public abstract record PlanAction;

/// <summary>The canary Deployment exists, is made from stable's current template with these images, and has this many replicas. With a gate, its pods get requests when they are admitted.</summary>
public sealed record EnsureCanary(string Name, string Deployment, int Replicas, string Source, IReadOnlyList<ImageRecord> Images, CanaryOverlay? Overlay = null, bool IsRouted = false, bool IsGated = false) : PlanAction;

/// <summary>These pods of the canary may get requests: their metrics are collected.</summary>
public sealed record AdmitPods(string Name, IReadOnlyList<string> Pods) : PlanAction;

/// <summary>
/// The canary's own Services are there and lead to its pods. With a weight, every route gives the canary this share, and the requests that a preview
/// describes reach it. What is saved of the routes must be what they were before.
/// </summary>
public sealed record EnsureRoutes(string Name, IReadOnlyList<RouteStatus> Routes, int? Weight, PreviewIntent? Preview) : PlanAction;

/// <summary>What was made to split the traffic is gone. Only for routes that no longer name it.</summary>
public sealed record DeleteRouting(string Name, IReadOnlyList<RouteStatus> Routes) : PlanAction;

/// <summary>
/// Of the workload that the patch calls by this name, no Service selects a canary pod any more; the pods live on and finish what they have.
/// Routes are as before the run; the canary's own Services lead to stable's pods until nothing names them.
/// </summary>
public sealed record WithdrawCanaryTraffic(string Name, IReadOnlyList<RouteStatus>? Routes = null) : PlanAction;

public sealed record DeleteCanary(string Deployment) : PlanAction;

/// <summary>
/// Stable's containers run these images, provided that they run the expected ones now. A CronJob is suspended with it, provided that it was or was not as
/// seen: no Job of either code begins.
/// </summary>
public sealed record SetStableImages(WorkloadRef Workload, string StableUid, IReadOnlyList<ImageRecord> Expected, IReadOnlyList<ImageRecord> Wanted, bool WasSuspended = false) : PlanAction;

/// <summary>The Job exists that runs in the patched image and prints what is installed in it.</summary>
public sealed record CollectInventory(string Job, WorkloadRef Workload, string Container, string Image, IReadOnlyList<string> Command, TimeSpan Timeout) : PlanAction;

/// <summary>Whether a CronJob begins new Jobs.</summary>
public sealed record SuspendCronJob(string CronJob, string StableUid, bool Suspend) : PlanAction;

/// <summary>
/// Our mark and our ownership of these containers' images go; the images stay. Where another patch's mark was there before, it is put back instead,
/// for that patch holds the images again.
/// </summary>
public sealed record ReleaseImages(WorkloadRef Workload, string StableUid, IReadOnlyList<string> Containers, string? PreviousMark = null) : PlanAction;

/// <summary>Pods of a StatefulSet that are not ready go: its controller waits for them for ever before it rolls back.</summary>
public sealed record ReplacePods(string StatefulSet, IReadOnlyList<string> Pods) : PlanAction;

/// <summary>A Job of the CronJob goes, and its pods with it: its patched containers could not begin, and without a deadline of its own it would be waited for for ever.</summary>
public sealed record EndJob(string CronJob, string Job, string Uid) : PlanAction;

/// <summary>These annotations go, if they still have the value that was seen.</summary>
public sealed record RemoveFacts(IReadOnlyList<string> Annotations) : PlanAction;

/// <summary>Command annotations that were acted on go, if they still have the value that was acted on.</summary>
public sealed record RemoveCommands(IReadOnlyList<HandledCommand> Handled) : PlanAction;
