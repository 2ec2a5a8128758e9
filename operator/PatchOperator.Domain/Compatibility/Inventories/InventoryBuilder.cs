namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Collects what a reader finds, and says what is there more than once.</summary>
internal sealed class InventoryBuilder(InventoryFormat source)
{
    /// <summary>A note names this many and counts the rest.</summary>
    private const int MostNamed = 5;

    private readonly Dictionary<(string Name, string Version), InstalledPackage> packages = [];
    private readonly Dictionary<string, MagentoModule> modules = new(StringComparer.Ordinal);
    private readonly Dictionary<(string? Package, string Id, string? Sha256), AppliedPatch> patches = [];
    private readonly Dictionary<string, List<string>> aliases = new(StringComparer.Ordinal);
    private readonly List<string> notes = [];
    private int entries;

    public void Add(InstalledPackage package)
    {
        Count(package.Entries);
        var key = (package.Name, package.Version);

        // Wanted at run time in one place is wanted.
        packages[key] = packages.TryGetValue(key, out var known) ? known with { IsDev = known.IsDev && package.IsDev } : package;
    }

    /// <summary>For every version of the package that is there, or will be.</summary>
    public void AddAlias(string name, string alias)
    {
        if (!aliases.TryGetValue(name, out var known))
        {
            aliases[name] = known = [];
        }

        known.Add(alias);
    }

    public void Add(MagentoModule module)
    {
        Count(1);
        modules[module.Name] = module;
    }

    public void Add(AppliedPatch patch)
    {
        Count(1);
        patches[(patch.Package, patch.Id, patch.Sha256)] = patch;
    }

    /// <exception cref="InventoryFormatException">There are too many.</exception>
    public static void Bound(int entries)
    {
        if (entries > Inventory.MostEntries)
        {
            throw new InventoryFormatException(0, $"names more than {Inventory.MostEntries} packages, modules and requirements, which no image has");
        }
    }

    public void Note(string text) => notes.Add(text);

    public Inventory Build()
    {
        var doubled = packages.Values.GroupBy(package => package.Name, StringComparer.Ordinal).Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} ({string.Join(", ", group.Select(package => package.Version).Order(StringComparer.Ordinal))})")
            .Order(StringComparer.Ordinal).ToList();
        if (doubled.Count > 0)
        {
            Note($"{(doubled.Count == 1 ? "one package is" : $"{doubled.Count} packages are")} there in several versions, and each version is looked at: {Some(doubled)}");
        }

        return new Inventory
        {
            Sources = [source],
            Packages = [.. packages.Values.Select(package => aliases.TryGetValue(package.Name, out var more) ? package with { Aliases = [.. package.Aliases, .. more] } : package)],
            Modules = [.. modules.Values],
            AppliedPatches = [.. patches.Values],
            Notes = [.. notes],
        };
    }

    private void Count(int more) => Bound(entries += more);

    internal static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNamed)) + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");
}
