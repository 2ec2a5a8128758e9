using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// What changes besides what the patch names. A change that a named package forces is the patch's own: where <c>2.4.8-p3</c> of the
/// product requires <c>103.0.8-p3</c> of the framework and stable's does not do, the framework need not be named. A library that
/// moved although the old version would have done must be.
/// </summary>
public static class InventoryDifference
{
    /// <param name="stable">Of the image that runs.</param>
    /// <param name="patched">Of the image that shall run.</param>
    /// <param name="targets">Packages that the patch names, with the versions that it brings; also ids of patches.</param>
    /// <param name="advisories">Names of the patch itself: an applied patch that carries one is named.</param>
    public static IReadOnlyList<InventoryChange> Unnamed(Inventory stable, Inventory patched, IReadOnlyDictionary<string, string> targets, IReadOnlyList<string> advisories)
    {
        var (before, after) = (Versions(stable), Versions(patched));
        var changes = new List<InventoryChange>();
        if (before.Count > 0 && after.Count > 0)
        {
            var explained = Explained(stable, patched, before, after, targets);
            foreach (var name in before.Keys.Union(after.Keys).Where(name => !explained.Contains(name)).Order(StringComparer.Ordinal))
            {
                var (from, to) = (before.GetValueOrDefault(name), after.GetValueOrDefault(name));
                if (from != to)
                {
                    changes.Add(new InventoryChange(from is null ? ChangeKind.Added : to is null ? ChangeKind.Removed : ChangeKind.Changed, name, from, to));
                }
            }
        }

        foreach (var (name, version) in targets.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            var there = patched.Packages.Where(package => string.Equals(package.Name, name, StringComparison.OrdinalIgnoreCase)).Select(package => package.Version).ToList();
            if (after.Count > 0 && !there.Any(each => Same(each, version)) && (there.Count > 0 || name.Contains('/')))
            {
                changes.Add(new InventoryChange(ChangeKind.NotAsNamed, name, version, there.FirstOrDefault()));
            }
        }

        changes.AddRange(Patches(stable, patched, targets, advisories));
        return changes;
    }

    /// <summary>An inventory that says which image it was made of, and that is none of the patch's, says nothing of the patch.</summary>
    /// <param name="patched">What is taken for the patched image's.</param>
    /// <param name="images">The patch's, as in its spec.</param>
    /// <param name="notes">Gets what cannot be told.</param>
    internal static IReadOnlyList<InventoryChange> OtherImages(Inventory patched, IReadOnlyList<string> images, ICollection<string> notes)
    {
        string[] known = [.. images.Select(ImageDigests.Find).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] others = [.. patched.Images.Except(known, StringComparer.Ordinal)];
        if (images.Count == 0 || others.Length == 0)
        {
            return [];
        }

        if (images.FirstOrDefault(image => ImageDigests.Find(image) is null) is { } tag)
        {
            notes.Add($"the inventory is of the image {string.Join(", ", others)}; whether that is {tag} is not known, since the patch names no digest of it");
            return [];
        }

        return [.. others.Select(other => new InventoryChange(ChangeKind.OtherImage, InventoryChange.WholeInventory, other, string.Join(", ", known)))];
    }

    private static IEnumerable<InventoryChange> Patches(Inventory stable, Inventory patched, IReadOnlyDictionary<string, string> targets, IReadOnlyList<string> advisories)
    {
        if (!stable.KnowsAppliedPatches || !patched.KnowsAppliedPatches)
        {
            yield break;
        }

        var named = targets.Keys.Concat(advisories).ToList();

        // Where both have it, the content decides: a file can be edited under its old name.
        var (before, after) = (stable.AppliedPatches.ToLookup(KeyOf), patched.AppliedPatches.ToLookup(KeyOf));
        foreach (var patch in patched.AppliedPatches.Where(patch => !before.Contains(KeyOf(patch)) && !IsNamed(patch, named)))
        {
            yield return new InventoryChange(ChangeKind.PatchAdded, Describe(patch), null, patch.Sha256);
        }

        foreach (var patch in stable.AppliedPatches.Where(patch => !after.Contains(KeyOf(patch)) && !IsNamed(patch, named)))
        {
            yield return new InventoryChange(ChangeKind.PatchRemoved, Describe(patch), patch.Sha256, null);
        }
    }

    private static string KeyOf(AppliedPatch patch) => patch.Sha256 is { } hash ? $"{patch.Package} {hash}" : $"{patch.Package} {patch.Id}";

    private static string Describe(AppliedPatch patch) => patch.Package is null ? $"the patch {patch.Id}" : $"the patch {patch.Id} of {patch.Package}";

    private static bool IsNamed(AppliedPatch patch, IReadOnlyList<string> named) => named.Any(name =>
        string.Equals(patch.Package, name, StringComparison.OrdinalIgnoreCase)
        || (!name.Contains('/') && (Mentions(patch.Id, name) || Mentions(patch.Title, name))));

    /// <summary>As a word: APSB25-8 is not in APSB25-88.</summary>
    private static bool Mentions(string? text, string name)
    {
        for (var at = text?.IndexOf(name, StringComparison.OrdinalIgnoreCase) ?? -1; at >= 0; at = text!.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            if ((at == 0 || !char.IsLetterOrDigit(text![at - 1])) && (at + name.Length == text!.Length || !char.IsLetterOrDigit(text[at + name.Length])))
            {
                return true;
            }
        }

        return false;
    }

    private static HashSet<string> Explained(
        Inventory stable, Inventory patched, Dictionary<string, string> before, Dictionary<string, string> after, IReadOnlyDictionary<string, string> targets)
    {
        var explained = targets.Keys.Select(name => name.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
        var (old, fresh) = (stable.Packages.ToLookup(package => package.Name, StringComparer.Ordinal), patched.Packages.ToLookup(package => package.Name, StringComparer.Ordinal));
        var queue = new Queue<string>(explained);
        while (queue.TryDequeue(out var name))
        {
            var wanted = fresh[name].SelectMany(package => package.Links?.Requires ?? []).ToList();
            var dropped = old[name].SelectMany(package => package.Links?.Requires ?? []).Select(link => link.Name).Except(wanted.Select(link => link.Name));
            var ousted = fresh[name].SelectMany(package => (package.Links?.Replaces ?? []).Concat(package.Links?.Conflicts ?? [])).Select(link => link.Name);
            var forced = wanted.Where(link => before.GetValueOrDefault(link.Name) != after.GetValueOrDefault(link.Name) && IsForced(link, old[link.Name], fresh[link.Name], fresh[name].First().Version))
                .Select(link => link.Name)
                .Concat(dropped.Concat(ousted).Where(gone => before.ContainsKey(gone) && !after.ContainsKey(gone)));
            foreach (var next in forced.ToList().Where(explained.Add))
            {
                queue.Enqueue(next);
            }
        }

        return explained;
    }

    private static bool IsForced(PackageLink link, IEnumerable<InstalledPackage> old, IEnumerable<InstalledPackage> fresh, string selfVersion) =>
        link.Constraint.Length <= VersionGrammar.Longest
        && ComposerConstraint.TryParse(link.Constraint == Resolver.ConstraintCache.SelfVersion ? "=" + selfVersion : link.Constraint, out var constraint, out _)
        && !old.Any(package => Satisfies(package, constraint)) && fresh.Any(package => Satisfies(package, constraint));

    private static bool Satisfies(InstalledPackage package, ComposerConstraint constraint) =>
        package.Aliases.Prepend(package.Version).Any(text => text.Length <= VersionGrammar.Longest && ComposerVersion.TryParse(text, out var version, out _) && constraint.IsSatisfiedBy(version));

    private static bool Same(string one, string other) =>
        one == other || (one.Length <= VersionGrammar.Longest && other.Length <= VersionGrammar.Longest && ComposerVersion.TryParse(one, out var left, out _) && ComposerVersion.TryParse(other, out var right, out _) && left.Normalized == right.Normalized);

    /// <summary>Versions by name, as one text. Development packages are in no image.</summary>
    private static Dictionary<string, string> Versions(Inventory inventory) => inventory.Packages.Where(package => !package.IsDev)
        .GroupBy(package => package.Name, StringComparer.Ordinal)
        .ToDictionary(same => same.Key, same => string.Join(", ", same.Select(package => package.Version).Order(StringComparer.Ordinal)), StringComparer.Ordinal);
}
