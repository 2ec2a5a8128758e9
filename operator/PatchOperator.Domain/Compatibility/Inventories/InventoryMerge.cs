namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>One image is told of by several files: a lock, the module status, the applied patches.</summary>
public static class InventoryMerge
{
    /// <summary>
    /// What the two tell together. The order of the two does not matter, but for a package that both tell: the lock's word on type and
    /// requirements stands, and a name that they give different versions is kept with each, with a note.
    /// </summary>
    public static Inventory With(this Inventory one, Inventory other)
    {
        var builder = new Dictionary<(PackageEcosystem, string, string), InstalledPackage>();
        foreach (var package in one.Packages.Concat(other.Packages))
        {
            var key = (package.Ecosystem, package.Name, package.Version);
            builder[key] = builder.TryGetValue(key, out var known) ? Join(known, package) : package;
        }

        var notes = one.Notes.Concat(other.Notes).ToList();
        string[] images = [.. one.Images.Union(other.Images, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (images.Length > Math.Max(one.Images.Count, other.Images.Count))
        {
            notes.Add($"the files are of different images: {string.Join(", ", images)}");
        }

        var (left, right) = (Versions(one), Versions(other));
        var contradictions = left.Where(same => right.Contains(same.Key) && !same.ToHashSet(StringComparer.Ordinal).SetEquals(right[same.Key]))
            .Select(same => same.Key.Name).Order(StringComparer.Ordinal).ToList();
        if (contradictions.Count > 0)
        {
            notes.Add($"the files disagree on versions, and each version is looked at: {InventoryBuilder.Some(contradictions)}");
        }

        return new Inventory
        {
            Images = images,
            Sources = [.. one.Sources.Union(other.Sources)],
            Packages = [.. builder.Values],
            Modules = [.. one.Modules.Concat(other.Modules).GroupBy(module => module.Name, StringComparer.Ordinal).Select(same => new MagentoModule(same.Key, same.Any(module => module.Enabled)))],
            AppliedPatches = [.. one.AppliedPatches.Union(other.AppliedPatches)],
            Platform = one.Platform.Concat(other.Platform).GroupBy(each => each.Key, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First().Value, StringComparer.Ordinal),
            Notes = [.. notes.Distinct(StringComparer.Ordinal)],
        }.Ordered();
    }

    internal static Inventory Ordered(this Inventory inventory) => inventory with
    {
        Sources = [.. inventory.Sources.Order()],
        Packages = [.. inventory.Packages.OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Version, StringComparer.Ordinal).ThenBy(package => package.Ecosystem)],
        Modules = [.. inventory.Modules.OrderBy(module => module.Name, StringComparer.Ordinal)],
        AppliedPatches = [.. inventory.AppliedPatches
            .OrderBy(patch => patch.Package, StringComparer.Ordinal).ThenBy(patch => patch.Id, StringComparer.Ordinal).ThenBy(patch => patch.Sha256, StringComparer.Ordinal)],
    };

    private static InstalledPackage Join(InstalledPackage one, InstalledPackage other) => one with
    {
        Type = one.Type ?? other.Type,
        IsDev = one.IsDev && other.IsDev,
        Aliases = [.. one.Aliases.Union(other.Aliases, StringComparer.Ordinal)],
        ModuleNames = [.. one.ModuleNames.Union(other.ModuleNames, StringComparer.Ordinal)],
        Links = one.Links ?? other.Links,
    };

    private static ILookup<(PackageEcosystem Ecosystem, string Name), string> Versions(Inventory inventory) =>
        inventory.Packages.ToLookup(package => (package.Ecosystem, package.Name), package => package.Version);
}
