using PatchOperator.Cli.Audit;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Evidence;

/// <summary>Which part of the report is evidence for which control. What is open in this patch is said, not hidden: a table of ticks proves nothing.</summary>
internal static class ControlTable
{
    public static EvidenceSection Section(EmergencyPatch patch, EmergencyPatchStatus status, AuditOutcome outcome, IReadOnlyList<string> doubts)
    {
        var approved = (status.Approvals ?? []).Any(a => a.SpecDigest == status.SpecDigest);
        var authenticated = approved && (status.Approvals ?? []).All(a => a.Verified);
        var trail = outcome is AuditOutcome.Verified ? "trail proven" : "trail not proven";
        var access = authenticated ? "approvers authenticated" : approved ? "open: approvers were not authenticated" : "open: no approval on this spec";
        var watched = status.Analysis is { Count: > 0 } ? "measured, plots above" : "open: nothing was measured";
        var remedied = status.Timings switch
        {
            { PromotedAt: { } done, RemediateBy: { } by } => done <= by ? "remediated within the deadline" : "open: remediated after the deadline",
            { PromotedAt: not null } => "remediated; there was no deadline",
            _ => "open: not remediated by this run",
        };
        if (doubts.Count > 0)
        {
            (access, remedied) = ("open: the status does not agree with the trail", "open: the status does not agree with the trail");
        }

        IReadOnlyList<IReadOnlyList<string>> rows =
        [
            ["SOC 2 CC6.1", "Logical access is restricted to who is authorised", "Who approved it; Audit trail", $"{access}; {trail}"],
            ["SOC 2 CC7.1", "Vulnerabilities and their introduction are detected and monitored", "What was vulnerable; Canary against stable; Drift and closure", watched],
            ["SOC 2 CC8.1", "Changes are authorised, tested, approved and documented", "Who asked for the change; Who approved it; Compatibility; Validations; Images", $"{access}; {watched}; {trail}"],
            ["ISO/IEC 27001:2013 A.12.6.1 = 2022 A.8.8", "Technical vulnerabilities are managed in time", "What was vulnerable, and since when; Images before and after", remedied],
            ["ISO/IEC 27001:2022 A.8.32", "Changes follow a change-management procedure", "Who asked for the change; Who approved it; Audit trail", $"{(patch.Spec.Change?.Ticket is null ? "open: no ticket is named" : "ticket named")}; {access}"],
            ["PCI DSS 6.3.3", "Critical and high-security patches are installed within one month of release", "What was vulnerable, and since when; Images before and after", remedied],
        ];
        return new EvidenceSection("controls", "Controls",
        [
            new TableBlock("Which item serves which control, and how it stands in this patch", ["Control", "What it asks", "Sections of this report", "In this patch"], rows, ""),
            new TextBlock("The table shows where evidence is. Whether a control is met is the auditor's judgement."),
        ]);
    }
}
