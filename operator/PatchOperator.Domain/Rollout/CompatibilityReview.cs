using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>Takes a new matrix into the status, bounded, and tells when the outcome is another one.</summary>
internal static class CompatibilityReview
{
    public const string Unknown = "Unknown";

    private const int MostModules = 40;

    /// <summary>Of further modules that a rule decided on there is only what the rule's own status is made of, also after a restart.</summary>
    private const int MostBriefs = 300;
    private const int LongestBrief = 80;
    private const int MostFindings = 20;
    private const int MostNotes = 10;
    private const int LongestText = 1024;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    public static void Take(Draft draft)
    {
        if (IsBeforeStart(draft.Phase) && draft.Intent is { Problems.Count: 0, Compatibility: null } && draft.Status.Compatibility is not null)
        {
            draft.Status = draft.Status with { Compatibility = null, Waivers = null };
        }

        switch (draft.Observed.Compatibility)
        {
            case CompatibilityObservation.Evaluated evaluated when evaluated.Evaluation != draft.Status.Compatibility?.Evaluation:
                Store(draft, Bounded(evaluated.Matrix) with { Inventory = evaluated.Inventory, Evaluation = evaluated.Evaluation, EvaluatedAt = draft.Now });
                break;
            case CompatibilityObservation.Unavailable missing:
                if (missing.IsPassing)
                {
                    draft.WakeAt(draft.Now + Retry);
                }

                if (missing.Collect is { } collect)
                {
                    draft.Do(collect);
                }

                // A hiccup takes no known verdict away; the gate stays shut for as long as it lasts.
                var known = draft.Status.Compatibility;
                if (known is null || (!missing.IsPassing && known.Summary != missing.Message))
                {
                    Store(draft, new CompatibilityStatus { Outcome = Unknown, Reason = missing.Reason, Summary = missing.Message, EvaluatedAt = draft.Now });
                }

                break;
            case CompatibilityObservation.Evaluated or CompatibilityObservation.Unchanged or null:
                break;
        }
    }

    public static bool IsBeforeStart(PatchPhase phase) => phase is PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating;

    private static void Store(Draft draft, CompatibilityStatus status)
    {
        var before = draft.Status.Compatibility;
        draft.Status = draft.Status with { Compatibility = status };
        if (before?.Outcome != status.Outcome || before.Reason != status.Reason)
        {
            draft.Record("Compatibility" + status.Outcome, status.Summary);
        }
    }

    private static CompatibilityStatus Bounded(CompatibilityMatrix matrix)
    {
        // What decides nothing and no rule speaks of is left to the counts first.
        var rows = matrix.Rows.OrderBy(row => row.Effect is FindingEffect.None && row.Source is null ? 1 : 0).ToArray();
        CompatibilityRow[] modules = [.. rows.Take(MostModules).Select(Row), .. rows.Skip(MostModules).Where(row => row.Source is not null).Take(MostBriefs).Select(Brief)];
        CompatibilityFinding[] findings = [.. matrix.Conflicts.Select(Finding).Concat(matrix.Changes.Select(Finding)).OrderBy(each => each.Effect == nameof(FindingEffect.Blocks) ? 0 : 1)];
        var counts = matrix.Counts;
        return new CompatibilityStatus
        {
            Outcome = matrix.Outcome.ToString(),
            Reason = Reason(matrix),
            Summary = Short(matrix.Summary),
            Counts = new CompatibilityCounts
            {
                Compatible = counts.Compatible,
                Conditional = counts.Conditional,
                Incompatible = counts.Incompatible,
                Unknown = counts.Unknown,
                Conflicts = counts.Conflicts,
                Changes = counts.Changes,
                Waived = counts.Waived,
                Blocking = counts.Blocking,
                Warning = counts.Warning,
            },
            Modules = modules.Length > 0 ? modules : null,
            Findings = findings.Length > 0 ? [.. findings.Take(MostFindings)] : null,
            Omitted = matrix.Rows.Count - modules.Length + Math.Max(0, findings.Length - MostFindings) is > 0 and var omitted ? omitted : null,
            Notes = Notes(matrix) is { Count: > 0 } notes ? [.. notes.Take(MostNotes)] : null,
        };
    }

    private static List<string> Notes(CompatibilityMatrix matrix) =>
        [.. matrix.Problems.Select(problem => Short(problem.ToString())).Concat(matrix.Notes.Select(Short))];

    private static string Reason(CompatibilityMatrix matrix) => matrix.Outcome switch
    {
        MatrixOutcome.Passed => matrix.Counts.Waived > 0 ? "CompatibleWithWaivers" : "Compatible",
        MatrixOutcome.Warned => Reason(matrix, FindingEffect.Warns),
        MatrixOutcome.Blocked => Reason(matrix, FindingEffect.Blocks),
    };

    private static string Reason(CompatibilityMatrix matrix, FindingEffect effect) =>
        matrix.Changes.Any(each => each.Effect == effect && each.Change.Kind is ChangeKind.OtherImage) ? "InventoryOfAnotherImage"
        : matrix.Rows.Any(row => row.Effect == effect && row.Verdict is ModuleVerdict.Incompatible) ? "IncompatibleModules"
        : matrix.Conflicts.Any(each => each.Effect == effect) ? "RequirementsBroken"
        : matrix.Changes.Any(each => each.Effect == effect) ? "UnnamedChanges"
        : matrix.Rows.Any(row => row.Effect == effect && row.Verdict is ModuleVerdict.Conditional) ? "ConditionalModules"
        : matrix.Rows.Any(row => row.Effect == effect) ? "UnknownModules"
        : "InventoryEmpty";

    private static CompatibilityRow Row(MatrixRow row) => new()
    {
        Module = row.Module,
        Version = row.Version,
        Verdict = row.Verdict.ToString(),
        Effect = row.Effect.ToString(),
        Reason = Short(row.Reason),
        Remedy = row.Remedy,
        Owner = row.Owner,
        Source = row.Source,
        WaivedBy = row.Waiver?.By,
    };

    private static CompatibilityRow Brief(MatrixRow row) => Row(row) with { Reason = Cut(row.Reason, LongestBrief), Remedy = null, Owner = null };

    private static CompatibilityFinding Finding(ConflictFinding finding) => new()
    {
        Kind = "Conflict",
        Packages = [finding.Conflict.Package, finding.Conflict.Other],
        Effect = finding.Effect.ToString(),
        Message = Short(finding.Conflict.Message),
        Advice = Short(finding.Conflict.Advice),
        WaivedBy = finding.Waiver?.By,
    };

    private static CompatibilityFinding Finding(ChangeFinding finding) => new()
    {
        Kind = "Change",
        Packages = [finding.Change.Name],
        Effect = finding.Effect.ToString(),
        Message = Short(finding.Change.Message),
        WaivedBy = finding.Waiver?.By,
    };

    private static string Short(string text) => Cut(text, LongestText);

    private static string Cut(string text, int longest) => text.Length > longest ? text[..(longest - 1)] + "…" : text;
}
