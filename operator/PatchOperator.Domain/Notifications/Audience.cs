using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Notifications;

/// <summary>What is worth telling whom: each audit record, and what it means for the RACI lists of the spec.</summary>
internal static class Audience
{
    public const string Info = "Info";
    public const string Warning = "Warning";
    public const string Critical = "Critical";

    /// <summary>Records without a change of phase that people want to hear of.</summary>
    private static readonly IReadOnlyDictionary<string, string> Actions = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["Overdue"] = Critical,
        ["GlassBroken"] = Critical,
        ["WatchFailed"] = Critical,
        ["WatchInconclusive"] = Warning,
        ["WatchPassed"] = Info,
        ["DriftDetected"] = Warning,
        ["SpecNoLongerAccepted"] = Warning,
        ["RequiredPatchReverted"] = Warning,
        ["Adopted"] = Info,
        ["ApprovalRevoked"] = Warning,
        ["ApprovalVoid"] = Warning,
        ["Reviewed"] = Info,
        ["AuditTrailBroken"] = Critical,
        ["AuditTrailIntactAgain"] = Info,
        ["AttemptDenied"] = Warning,
        ["ForgeryDenied"] = Critical,
    };

    /// <summary>Null where nobody is told.</summary>
    public static string? SeverityOf(AuditRecord record) => record.To is { } to && record.From != to
        ? PatchPhases.Parse(to) switch
        {
            PatchPhase.Degraded or PatchPhase.Reverting => Critical,
            PatchPhase.Blocked or PatchPhase.Paused or PatchPhase.Reverted or PatchPhase.Rejected => Warning,
            PatchPhase.AwaitingApproval or PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Superseded => Info,
            PatchPhase.Progressing => Actions.GetValueOrDefault(record.Action) ?? Info,
            PatchPhase.Pending or PatchPhase.Validating or PatchPhase.Promoting => Actions.GetValueOrDefault(record.Action),
        }
        : Actions.GetValueOrDefault(record.Action);

    public static IReadOnlyList<string> Of(AuditRecord record, string severity, PatchIntent intent, NotificationPolicy policy)
    {
        // Who is consulted is asked before people decide, and hears when nobody asked.
        var isQuestion = record.To == nameof(PatchPhase.AwaitingApproval) || record.Action == "GlassBroken";

        // The deadline that passed is everybody's business who would be told of a missing approval, whether or not one is missing.
        var isOverdue = record.Action == "Overdue";
        return
        [
            .. intent.Informed
                .Concat(isQuestion ? intent.Consulted : [])
                .Concat(isOverdue ? intent.Escalation.SelectMany(t => t.Notify) : [])
                .Concat(severity == Info ? [] : policy.Always)
                .Where(policy.Receivers.Contains)
                .Distinct(StringComparer.Ordinal),
        ];
    }
}
