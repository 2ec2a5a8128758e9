using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>Rules and inventory in, matrix out. The same inputs in any order give the same matrix.</summary>
public static class CompatibilityEvaluator
{
    /// <param name="now">Decides which waivers are still good.</param>
    public static CompatibilityMatrix Evaluate(RuleBook book, MatrixInputs inputs, DateTimeOffset now)
    {
        var after = new PackageSet(inputs.Patched, inputs.TargetVersions);

        // Where only the applied patches of stable's image are known, its packages are not "none".
        var before = inputs.Stable is { Packages.Count: > 0 } stable ? new PackageSet(stable, new Dictionary<string, string>())
            : inputs.TargetVersions.Count > 0 ? new PackageSet(inputs.Patched, new Dictionary<string, string>()) : after;
        var notes = new List<string>(inputs.Patched.Notes);
        var gate = new FindingGate(inputs, now);
        var rows = new RowFinder(book, inputs, after, gate, notes).Find();
        var (broken, earlier, conflictNotes) = new ConflictFinder(before, after).Find();
        notes.AddRange(conflictNotes);
        var conflicts = broken.Select(conflict => gate.Judge(conflict, OwnerOf(book, conflict.Package) ?? OwnerOf(book, conflict.Other))).ToList();
        var changes = InventoryDifference.OtherImages(inputs.Patched, inputs.Images, notes)
            .Concat(inputs.Stable is null ? [] : InventoryDifference.Unnamed(inputs.Stable, inputs.Patched, inputs.TargetVersions, inputs.Advisories))
            .Select(gate.Judge).ToList();
        notes.AddRange(gate.Notes());
        return MatrixSummary.Complete(inputs, rows, conflicts, earlier, changes, book.Problems, notes);
    }

    private static Api.V1Alpha1.ModuleOwner? OwnerOf(RuleBook book, string package) => book.Of(package, isShopify: false).Select(each => each.Spec.Owner).FirstOrDefault(owner => owner is not null);
}
