using PatchOperator.Cli.Audit;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using static PatchOperator.Cli.Evidence.EvidenceText;

namespace PatchOperator.Cli.Evidence;

/// <summary>Says of one patch what an auditor asks, in the order in which it is asked.</summary>
internal static class EvidenceBuilder
{
    public static EvidenceReport Build(EmergencyPatch patch, AuditCase found)
    {
        var verdict = found.Verify();
        var outcome = AuditOutcomes.Of(found, verdict);
        var status = patch.Status ?? new EmergencyPatchStatus();
        var doubts = StatusDoubts.Of(status, verdict);
        return new EvidenceReport(
            $"Evidence of emergency patch {patch.Metadata.Name}",
            $"{patch.Metadata.Namespace}/{patch.Metadata.Name}, uid {patch.Metadata.Uid}, as of {Time(verdict.Records is [.., var last] ? last.At : patch.Metadata.CreationTimestamp)}",
            [
                Summary(patch, status, outcome, verdict, doubts),
                Vulnerability(patch, status),
                Change(patch, status, verdict),
                Approvals(patch, status, verdict),
                Compatibility(status),
                Validations(patch, status),
                Analysis(patch, status, verdict),
                Images(status),
                Afterwards(status, verdict),
                Trail(outcome, verdict, found),
                ControlTable.Section(patch, status, outcome, doubts),
            ]);
    }

    private static EvidenceSection Summary(EmergencyPatch patch, EmergencyPatchStatus status, AuditOutcome outcome, AuditVerdict verdict, IReadOnlyList<string> doubts)
    {
        var (deadline, tone) = Deadline(status);
        List<Fact> facts =
        [
            new("Advisory", $"{Or(patch.Spec.Advisory?.Id)} ({List(patch.Spec.Advisory?.Cves)}), {Or(patch.Spec.Advisory?.Severity)}"),
            new("Where it stands", $"{status.Phase ?? "Pending"}: {Or(Ready(status)?.Message)}", status.Phase is "Promoted" or "Closed" ? Tone.Good : status.Phase is "Reverted" or "Rejected" or "Degraded" ? Tone.Bad : Tone.Open),
            new("Deadline", deadline, tone),
            new("Approvals", $"{Count(status)} of {Required(patch)} required{(Unverified(status) ? "; not all were authenticated" : "")}", Unverified(status) ? Tone.Open : Tone.Plain),
            new("Audit trail", AuditOutcomes.Describe(outcome, verdict), outcome is AuditOutcome.Verified ? Tone.Good : outcome is AuditOutcome.Broken ? Tone.Bad : Tone.Open),
        ];
        if (doubts.Count > 0)
        {
            facts.Add(new Fact("Status against the trail", $"DOES NOT AGREE: {string.Join("; ", doubts)}. Believe the trail, and not the tables that come from the status.", Tone.Bad));
        }

        if (status.Revert is { } revert)
        {
            facts.Insert(2, new Fact("Taken back", $"{revert.Reason}: {revert.Message}", Tone.Bad));
        }

        return new EvidenceSection("summary", "Summary", [new FactsBlock("The patch in short", facts)]);
    }

    private static EvidenceSection Vulnerability(EmergencyPatch patch, EmergencyPatchStatus status)
    {
        var advisory = patch.Spec.Advisory ?? new Advisory();
        var disclosed = Parse(advisory.DisclosedAt);
        var (deadline, tone) = Deadline(status);
        List<Fact> facts =
        [
            new("Advisory", Or(advisory.Id)),
            new("CVEs", List(advisory.Cves)),
            new("Severity", $"{Or(advisory.Severity)}{(advisory.CvssScore is { } score ? $", CVSS {score}" : "")}"),
            new("Exploited in the wild", advisory.Exploited switch { true => "yes", false => "no", null => "not stated" }),
            new("Surfaces", List(advisory.Surfaces)),
            new("Vulnerable images", List((status.Workloads ?? []).SelectMany(w => w.PreviousImages ?? []).Select(i => i.Image).Distinct(StringComparer.Ordinal))),
            new("Known since", disclosed is null ? "not stated in the advisory" : Time(disclosed)),
            new("Exposed until", status.Timings?.PromotedAt is { } promoted ? $"{Time(promoted)}{(disclosed is { } since ? $", {Span(promoted - since)} after disclosure" : "")}" : "not patched by this run"),
            new("Deadline", deadline, tone),
        ];
        return new EvidenceSection("vulnerability", "What was vulnerable, and since when", [new FactsBlock("The advisory", facts)]);
    }

    private static EvidenceSection Change(EmergencyPatch patch, EmergencyPatchStatus status, AuditVerdict verdict) => new("change", "Who asked for the change",
    [
        new FactsBlock("The request",
        [
            new("Requested by, as the manifest says", Or(patch.Spec.Change?.RequestedBy)),
            new("Authenticated authors", List((status.Authors ?? []).Select(a => a.By).Distinct(StringComparer.Ordinal)) is var authors and not None ? authors : "none: nothing authenticated who wrote the resource"),
            new("Ticket", Or(patch.Spec.Change?.Ticket)),
            new("Pipeline", Or(patch.Spec.Change?.Pipeline?.Url)),
            new("Commit", Or(patch.Spec.Change?.Pipeline?.Commit)),
            new("Resource created", Time(patch.Metadata.CreationTimestamp)),
            new("Accepted", Time(status.Timings?.AcceptedAt)),
            new("Digest of the spec", Or(status.SpecDigest)),
            new("Digests that the trail knows", List(verdict.Records.Select(r => r.SpecDigest).Distinct(StringComparer.Ordinal))),
        ]),
    ]);

    private static EvidenceSection Approvals(EmergencyPatch patch, EmergencyPatchStatus status, AuditVerdict verdict)
    {
        var approval = patch.Spec.Approval ?? new ApprovalSpec();
        List<EvidenceBlock> blocks =
        [
            new FactsBlock("What is required",
            [
                new("Approvals", Required(patch).ToString()),
                new("Accountable", List(approval.Accountable)),
                new("Responsible", List(approval.Responsible)),
                new("Consulted", List(approval.Consulted)),
                new("Informed", List(approval.Informed)),
            ]),
            new TableBlock("Approvals that were recorded", ["Who", "Identity", "When", "For", "On which spec", "By which right", "Reason"],
                [.. (status.Approvals ?? []).Select(a => (IReadOnlyList<string>)[a.By, a.Verified ? $"authenticated{(a.Uid is null ? "" : $", uid {a.Uid}")}" : "UNVERIFIED: nothing authenticated the approver", Time(a.At), a.Step is { } step ? $"step {step + 1}" : "the start", a.SpecDigest == status.SpecDigest ? $"{a.SpecDigest} (this one)" : $"{a.SpecDigest} (another one)", List(a.Rights), a.Reason])], "There are none."),
        ];
        if (status.BreakGlass is { } glass)
        {
            blocks.Add(new TextBlock($"The glass was broken by {glass.By} at {Time(glass.At)}: {glass.Reason}. {(glass.Review is { } review ? $"Reviewed by {review.By} at {Time(review.At)}: {review.Reason}." : "It has not been reviewed.")}", glass.Review is null ? Tone.Bad : Tone.Open));
            blocks.AddRange((glass.Unreviewed ?? []).Select(d => new TextBlock($"Before, it was broken by {d.By} at {Time(d.At)}: {d.Reason}. It has not been reviewed.", Tone.Bad)));
        }

        blocks.Add(Records("Decisions of people, and refused attempts", verdict, r => r.Actor != "patch-operator" || r.Action.Contains("Approv", StringComparison.Ordinal) || r.Action.Contains("Denied", StringComparison.Ordinal) || r.Action.Contains("Refused", StringComparison.Ordinal)));
        return new EvidenceSection("approvals", "Who approved it", blocks);
    }

    private static EvidenceSection Compatibility(EmergencyPatchStatus status)
    {
        List<EvidenceBlock> blocks = status.Compatibility is { } checkedOnce
            ?
            [
                new TextBlock($"{checkedOnce.Outcome}: {checkedOnce.Summary} Evaluated {Time(checkedOnce.EvaluatedAt)} against {Or(checkedOnce.Inventory?.Source)}.", checkedOnce.Outcome switch { "Passed" => Tone.Good, "Blocked" => Tone.Bad, _ => Tone.Open }),
                new TableBlock("Modules", ["Module", "Version", "Verdict", "Effect", "Reason", "Waived by"], [.. (checkedOnce.Modules ?? []).Select(m => (IReadOnlyList<string>)[m.Module, Or(m.Version), m.Verdict, m.Effect, m.Reason, Or(m.WaivedBy)])], "No module is listed."),
                new TableBlock("Findings", ["Kind", "Packages", "Effect", "Message"], [.. (checkedOnce.Findings ?? []).Select(f => (IReadOnlyList<string>)[f.Kind, List(f.Packages), f.Effect, f.Message])], "There are none."),
            ]
            : [new TextBlock("Compatibility was not checked in this run.", Tone.Open)];
        if (checkedOmitted(status) is { } omitted)
        {
            blocks.Add(new TextBlock($"{omitted} more are not listed in the status."));
        }

        blocks.Add(new TableBlock("Waivers", ["Module", "By", "Identity", "When", "Until", "Reason"], [.. (status.Waivers ?? []).Select(w => (IReadOnlyList<string>)[w.Module, w.By, w.Verified ? "authenticated" : "UNVERIFIED", Time(w.At), Time(w.ExpiresAt), w.Reason])], "There are none."));
        return new EvidenceSection("compatibility", "Compatibility of modules", blocks);

        static int? checkedOmitted(EmergencyPatchStatus of) => of.Compatibility?.Omitted is > 0 and var more ? more : null;
    }

    private static EvidenceSection Validations(EmergencyPatch patch, EmergencyPatchStatus status) => new("validations", "Validations",
    [
        new TableBlock("Validations that were asked for", ["Name", "Stage", "Namespace"], [.. (patch.Spec.Validations ?? []).Select(v => (IReadOnlyList<string>)[Or(v.Name), Or(v.Stage), Or(v.Namespace)])], "None was asked for."),
        new TableBlock("Conditions at the end", ["Condition", "Status", "Reason", "Message", "Since"], [.. (status.Conditions ?? []).Select(c => (IReadOnlyList<string>)[c.Type, c.Status, c.Reason, c.Message, Time(c.LastTransitionTime)])], "There are none."),
    ]);

    private static EvidenceSection Analysis(EmergencyPatch patch, EmergencyPatchStatus status, AuditVerdict verdict)
    {
        List<EvidenceBlock> blocks =
        [
            new TableBlock("Steps that were planned", ["Step", "Weight", "Hold", "Approval"], [.. (patch.Spec.Canary?.Steps ?? []).Select((s, i) => (IReadOnlyList<string>)[(i + 1).ToString(), $"{s.Weight} %", s.Hold is { } hold ? hold.ToString() : "0s", s.Approval is true ? "required" : "no"])], "None: the operator's default."),
            Records("Steps and decisions", verdict, r => r.Actor == "patch-operator" && (r.To is not null || r.Action.StartsWith("Step", StringComparison.Ordinal) || r.Action.StartsWith("Watch", StringComparison.Ordinal))),
            new TableBlock("Last measurement of each metric", ["Metric", "Verdict", "Canary", "Stable", "Limit", "Counts", "Reason", "Query"],
                [.. (status.Analysis ?? []).Select(m => (IReadOnlyList<string>)[m.Name, m.Verdict, Or(m.CanaryRate), Or(m.StableRate), Or(m.Limit), $"{Or(m.CanaryCounts)} against {Or(m.StableCounts)}", $"{m.Reason}: {m.Message}", Or(m.Query)])], "Nothing was measured."),
        ];
        foreach (var metric in status.Analysis ?? [])
        {
            if (metric.Series is { } series && MetricSeries.Parse(series.Canary) is { Count: > 0 } canary)
            {
                var decided = series.FailedAt ?? (status.Revert?.Metric == metric.Name ? status.Revert.At : null) ?? End(verdict);
                blocks.Add(new PlotBlock(metric.Name, metric.Verdict, series.StartedAt, Math.Max(1, series.Seconds), canary, MetricSeries.Parse(series.Stable), decided,
                    series.FailedAt is not null ? $"Failed: {metric.Message.TrimEnd('.')}" : $"{metric.Verdict}: {metric.Message.TrimEnd('.')}"));
            }
        }

        if (status.Revert is { } revert)
        {
            blocks.Add(new FactsBlock("Why it was taken back",
            [
                new("Reason", $"{revert.Reason}: {revert.Message}", Tone.Bad), new("Metric", Or(revert.Metric)), new("Value", Or(revert.Value)), new("Limit", Or(revert.Limit)),
                new("Query", Or(revert.Query)), new("Decided", Time(revert.At)), new("Begun", Time(status.Timings?.RevertStartedAt)), new("Done", Time(status.Timings?.RevertedAt)),
            ]));
        }

        return new EvidenceSection("analysis", "Canary against stable, step by step", blocks);
    }

    private static EvidenceSection Images(EmergencyPatchStatus status) => new("images", "Images before and after",
    [
        new TableBlock("Workloads", ["Workload", "Before", "After", "Patched", "Restored", "In Git"],
            [.. (status.Workloads ?? []).Select(w => (IReadOnlyList<string>)[$"{w.Name} ({Or(w.Deployment ?? w.StatefulSet ?? w.CronJob)})", EvidenceText.Images(w.PreviousImages), EvidenceText.Images(w.PatchedImages), Time(w.PatchedAt), Time(w.RestoredAt), w.AdoptedAt is null ? None : $"{Time(w.AdoptedAt)}, by {Or(w.AdoptedBy)}"])],
            "The run touched none."),
    ]);

    private static EvidenceSection Afterwards(EmergencyPatchStatus status, AuditVerdict verdict) => new("afterwards", "Drift and closure",
    [
        new FactsBlock("After the run",
        [
            new("Vulnerable images brought back", status.Hold is { } hold ? $"{hold.Drifts} times, last {Time(hold.LastDriftAt)} by {Or(hold.LastDriftBy)}" : "never seen", status.Hold is null ? Tone.Plain : Tone.Open),
            new("Watch after the promotion", status.Watch is { } watch ? $"{watch.Outcome ?? "under way"}, {Time(watch.StartedAt)} to {Time(watch.EndedAt ?? watch.Until)}" : "none was asked for"),
            new("Closed", status.Phase == "Closed" ? "yes" : "no"),
        ]),
        Records("Drift, adoption and closure in the trail", verdict, r => r.Action.Contains("Drift", StringComparison.Ordinal) || r.Action.Contains("Adopt", StringComparison.Ordinal) || r.Action.Contains("Clos", StringComparison.Ordinal) || r.Action.Contains("Review", StringComparison.Ordinal)),
    ]);

    private static EvidenceSection Trail(AuditOutcome outcome, AuditVerdict verdict, AuditCase found) => new("trail", "Audit trail",
    [
        new TextBlock(AuditOutcomes.Describe(outcome, verdict), outcome is AuditOutcome.Verified ? Tone.Good : outcome is AuditOutcome.Broken ? Tone.Bad : Tone.Open),
        .. verdict.Notes.Concat(found.Notes).Select(note => new TextBlock(note)),
        Records("Every record", verdict, _ => true, withHash: true),
    ]);

    private static TableBlock Records(string caption, AuditVerdict verdict, Func<AuditRecord, bool> which, bool withHash = false) => new(
        caption, withHash ? ["No.", "When", "Who", "What", "From", "To", "Detail", "Hash"] : ["No.", "When", "Who", "What", "From", "To", "Detail"],
        [.. verdict.Records.Where(which).Select(r => (IReadOnlyList<string>)[r.Sequence.ToString(), Time(r.At), r.Actor, r.Action, Or(r.From), Or(r.To), Or(r.Detail), .. withHash ? [r.Hash] : Array.Empty<string>()])], "There are none.");

    private static (string Text, Tone Tone) Deadline(EmergencyPatchStatus status) => (status.Timings?.RemediateBy, status.Timings?.PromotedAt) switch
    {
        (null, _) => ("none", Tone.Plain),
        ({ } by, { } done) when done <= by => ($"{Time(by)}: MET, with {Span(by - done)} to spare", Tone.Good),
        ({ } by, { } done) => ($"{Time(by)}: MISSED by {Span(done - by)}", Tone.Bad),
        ({ } by, null) when status.Conditions?.Any(c => c is { Type: ConditionTypes.Overdue, Status: "True" }) is true => ($"{Time(by)}: MISSED, the patch is not promoted", Tone.Bad),
        ({ } by, null) => ($"{Time(by)}: not met yet", Tone.Open),
    };

    private static DateTimeOffset? End(AuditVerdict verdict) => verdict.Records.FirstOrDefault(r => r.To is "Promoting" or "Reverting")?.At;

    private static Condition? Ready(EmergencyPatchStatus status) => status.Conditions?.FirstOrDefault(c => c.Type == ConditionTypes.Ready);

    private static int Required(EmergencyPatch patch) => patch.Spec.Approval?.Required ?? 1;

    private static int Count(EmergencyPatchStatus status) => (status.Approvals ?? []).Count(a => a.SpecDigest == status.SpecDigest && a.Step is null);

    private static bool Unverified(EmergencyPatchStatus status) => (status.Approvals ?? []).Any(a => !a.Verified);
}
