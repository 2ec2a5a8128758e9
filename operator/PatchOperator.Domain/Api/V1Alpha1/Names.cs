namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>Every name that users, dashboards and other programs see, in one place.</summary>
public static class Names
{
    public const string Group = "patchoperator.io";
    public const string Version = "v1alpha1";
    public const string ApiVersion = Group + "/" + Version;
    public const string EmergencyPatchKind = "EmergencyPatch";
    public const string EmergencyPatchPlural = "emergencypatches";
    public const string ModuleCompatibilityKind = "ModuleCompatibility";
    public const string ModuleCompatibilityPlural = "modulecompatibilities";

    /// <summary>Field manager of everything that the operator applies.</summary>
    public const string FieldManager = "patch-operator";
    public const string Finalizer = Group + "/return-traffic";
    public const string CanarySuffix = "-canary";
}

public static class Labels
{
    public const string Track = Names.Group + "/track";
    public const string TrackCanary = "canary";

    /// <summary>Uid of the EmergencyPatch that owns a canary: names may be longer than label values.</summary>
    public const string PatchUid = Names.Group + "/patch-uid";

    /// <summary>Marks a ConfigMap that holds older records of an audit trail.</summary>
    public const string AuditArchive = Names.Group + "/audit-archive";

    /// <summary>Which workload of the patch a canary stands in for, by its short name.</summary>
    public const string Workload = Names.Group + "/workload";
    public const string ManagedBy = "app.kubernetes.io/managed-by";
}

public static class Annotations
{
    public const string Audit = Names.Group + "/audit";

    /// <summary>The operator's signature over the end of the trail.</summary>
    public const string AuditSeal = Names.Group + "/audit-seal";
    public const string Patch = Names.Group + "/patch";

    /// <summary>On a canary: digest of stable's template and the patched images that it was made of.</summary>
    public const string CanarySource = Names.Group + "/canary-source";

    /// <summary>On a workload: what is installed in its image, in any format that inventories have.</summary>
    public const string Inventory = Names.Group + "/inventory";

    /// <summary>On a workload while a run, or the hold after it, owns its images: the EmergencyPatch.</summary>
    public const string PatchedBy = Names.Group + "/patched-by";

    /// <summary>On a workload for good: the EmergencyPatch that last changed its images.</summary>
    public const string AppliedByPatch = Names.Group + "/applied-by-patch";

    /// <summary>On a workload for good: when that was.</summary>
    public const string AppliedAt = Names.Group + "/applied-at";

    /// <summary>On a workload for good: the images that were there before, as JSON by container.</summary>
    public const string PreviousImages = Names.Group + "/previous-images";
    public const string CommandPrefix = Names.Group + "/";

    /// <summary>Recorded facts: one annotation each, with the fact's id behind this.</summary>
    public const string FactPrefix = Names.Group + "/fact-";

    /// <summary>A trail that a resource was created with, as from a backup. The operator goes on with it if it is proven, and else leaves it here to be looked at.</summary>
    public const string RestoredAudit = Names.Group + "/restored-audit";

    /// <summary>The signature that came with it.</summary>
    public const string RestoredAuditSeal = Names.Group + "/restored-audit-seal";

    /// <summary>Written by the operator, and by its webhook as facts; by nobody else.</summary>
    public static bool IsProtected(string annotation) => annotation is Audit or AuditSeal or RestoredAudit or RestoredAuditSeal || IsFact(annotation);

    public static bool IsFact(string annotation) => annotation.StartsWith(FactPrefix, StringComparison.Ordinal);
}

/// <summary>Commands are annotations <c>patchoperator.io/NAME: reason</c>.</summary>
public static class Commands
{
    public const string Approve = "approve";
    public const string Reject = "reject";
    public const string Revoke = "revoke";
    public const string Abort = "abort";
    public const string Retry = "retry";
    public const string Suspend = "suspend";
    public const string Resume = "resume";

    /// <summary>Skips hold times and later steps, never a gate, and never what the metrics say.</summary>
    public const string PromoteNow = "promote-now";

    /// <summary>As abort, and also after the promotion.</summary>
    public const string Revert = "revert";
    public const string DisableFlag = "disable-flag";
    public const string EnableFlag = "enable-flag";
    public const string Close = "close";

    /// <summary>Its value names the module before the reason: see <see cref="Rollout.WaiverText"/>.</summary>
    public const string Waive = "waive";

    /// <summary>Starts without approvals; someone else must review it afterwards.</summary>
    public const string BreakGlass = "break-glass";

    /// <summary>Says that a start without approvals was looked at.</summary>
    public const string Review = "review";

    public static readonly IReadOnlyList<string> All = [Approve, Reject, Revoke, Abort, Retry, Suspend, Resume, PromoteNow, Revert, DisableFlag, EnableFlag, Close, Waive, BreakGlass, Review];
}

/// <summary>What a recorded fact can say besides a command.</summary>
public static class FactKinds
{
    /// <summary>Created the resource.</summary>
    public const string Create = "create";

    /// <summary>Changed the spec in a way that matters.</summary>
    public const string Edit = "edit";

    /// <summary>Changed what may be amended without voiding what was agreed: a rating, a deadline, suspend.</summary>
    public const string Amend = "amend";

    /// <summary>Tried to write what only the operator may.</summary>
    public const string Forge = "forge";
}

/// <summary>RBAC verbs of our own on emergencypatches.</summary>
public static class Verbs
{
    public const string Approve = "approve";
    public const string BreakGlass = "breakglass";
    public const string Abort = "abort";
}

public static class ConditionTypes
{
    public const string Ready = "Ready";
    public const string Reconciling = "Reconciling";
    public const string Stalled = "Stalled";
    public const string Accepted = "Accepted";
    public const string Approved = "Approved";
    public const string Compatible = "Compatible";

    /// <summary>On a ModuleCompatibility: a rule that the end of a patch supports.</summary>
    public const string Suggested = "Suggested";
    public const string CanaryHealthy = "CanaryHealthy";

    /// <summary>Only while routes split the traffic.</summary>
    public const string TrafficAtWeight = "TrafficAtWeight";
    public const string Promoted = "Promoted";

    /// <summary>Only with a watch after the promotion: True once it was passed, Unknown while it lasts or when it could tell nothing.</summary>
    public const string Watched = "Watched";

    /// <summary>Only with spec.requires, from the start on: False once one of those patches was taken back.</summary>
    public const string RequiredPromoted = "RequiredPromoted";
    public const string Reverted = "Reverted";
    public const string Overdue = "Overdue";

    /// <summary>Whether the audit trail is as the operator wrote it.</summary>
    public const string AuditIntact = "AuditIntact";
}
