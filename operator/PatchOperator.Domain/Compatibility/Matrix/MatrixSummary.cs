using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>Counts, and says in one sentence what came out.</summary>
internal static class MatrixSummary
{
    private const int MostNamed = 3;

    public static CompatibilityMatrix Complete(
        MatrixInputs inputs,
        IReadOnlyList<MatrixRow> rows,
        IReadOnlyList<ConflictFinding> conflicts,
        IReadOnlyList<DependencyConflict> earlier,
        IReadOnlyList<ChangeFinding> changes,
        IReadOnlyList<RuleProblem> problems,
        IReadOnlyList<string> notes)
    {
        var effects = rows.Select(row => row.Effect).Concat(conflicts.Select(each => each.Effect)).Concat(changes.Select(each => each.Effect)).ToList();
        if (IsEmpty(inputs))
        {
            effects.Add(inputs.Mode switch { CompatibilityMode.Enforce => FindingEffect.Blocks, CompatibilityMode.Warn => FindingEffect.Warns, CompatibilityMode.Off => FindingEffect.None });
        }

        var counts = new MatrixCounts
        {
            Compatible = rows.Count(row => row.Verdict == ModuleVerdict.Compatible),
            Conditional = rows.Count(row => row.Verdict == ModuleVerdict.Conditional),
            Incompatible = rows.Count(row => row.Verdict == ModuleVerdict.Incompatible),
            Unknown = rows.Count(row => row.Verdict == ModuleVerdict.Unknown),
            Disabled = rows.Count(row => row.IsDisabled),
            Waived = rows.Count(row => row.Waiver is not null) + conflicts.Count(each => each.Waiver is not null) + changes.Count(each => each.Waiver is not null),
            Conflicts = conflicts.Count,
            Changes = changes.Count,
            Blocking = effects.Count(effect => effect == FindingEffect.Blocks),
            Warning = effects.Count(effect => effect == FindingEffect.Warns),
        };
        var outcome = counts.Blocking > 0 ? MatrixOutcome.Blocked : counts.Warning > 0 ? MatrixOutcome.Warned : MatrixOutcome.Passed;
        return new CompatibilityMatrix
        {
            Outcome = outcome,
            Summary = Describe(inputs, outcome, counts, rows, conflicts, changes),
            Rows = rows,
            Conflicts = conflicts,
            EarlierConflicts = earlier,
            Changes = changes,
            Problems = problems,
            Notes = [.. notes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Counts = counts,
        };
    }

    private static string Describe(
        MatrixInputs inputs, MatrixOutcome outcome, MatrixCounts counts, IReadOnlyList<MatrixRow> rows, IReadOnlyList<ConflictFinding> conflicts, IReadOnlyList<ChangeFinding> changes)
    {
        if (inputs.Mode == CompatibilityMode.Off)
        {
            return "Compatibility is not checked: the mode is Off";
        }

        if (IsEmpty(inputs))
        {
            return "The inventory names no package and no module, so nothing was checked; feed it the patched image's composer.lock";
        }

        if (outcome == MatrixOutcome.Passed)
        {
            return $"{Plural(rows.Count, "module")} checked, none in the way{(counts.Waived > 0 ? $"; {Plural(counts.Waived, "finding")} waived" : "")}";
        }

        var effect = outcome == MatrixOutcome.Blocked ? FindingEffect.Blocks : FindingEffect.Warns;
        var changed = changes.Where(each => each.Effect == effect).ToLookup(each => each.Change.Kind == ChangeKind.OtherImage, each => each.Change.Message);

        // What is found in another image means little, so that comes first.
        var found = changed[true]
            .Concat(rows.Where(row => row.Effect == effect).Select(Describe))
            .Concat(conflicts.Where(each => each.Effect == effect).Select(each => each.Conflict.Message))
            .Concat(changed[false]).ToList();
        return $"{Plural(found.Count, "finding")} {(outcome == MatrixOutcome.Blocked ? (found.Count == 1 ? "blocks" : "block") : found.Count == 1 ? "warns" : "warn")}: "
            + string.Join("; ", found.Take(MostNamed)) + (found.Count > MostNamed ? $"; and {found.Count - MostNamed} more" : "");
    }

    // No data is never good.
    private static bool IsEmpty(MatrixInputs inputs) => inputs.Patched.Packages.Count == 0 && inputs.Patched.Modules.Count == 0;

    private static string Describe(MatrixRow row)
    {
        var remedy = row.Remedy switch
        {
            { UpgradeTo: { } version, Disable: { } command } => $" (upgrade to {version}, or {command})",
            { UpgradeTo: { } version } => $" (upgrade to {version})",
            { Disable: { } command } => $" ({command})",
            _ => "",
        };
        return $"{row.Module}{(row.Version is null ? "" : " " + row.Version)} is {row.Verdict}: {row.Reason}{remedy}";
    }

    private static string Plural(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
