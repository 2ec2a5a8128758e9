using PatchOperator.Domain.Compatibility.Composer;
using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Compatibility.Resolver;

/// <summary>The packages of an image, with the versions that a patch brings in place of those that the inventory tells.</summary>
internal sealed class PackageSet
{
    private readonly ILookup<string, SetPackage> byName;
    private readonly ILookup<string, Offer> offers;

    public PackageSet(Inventory inventory, IReadOnlyDictionary<string, string> targets)
    {
        var wanted = targets.GroupBy(each => each.Key.ToLowerInvariant(), StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal);
        Platform = inventory.Platform;
        Packages =
        [
            .. inventory.Packages.Where(package => !wanted.ContainsKey(package.Name)).Select(package => new SetPackage(package, IsReplaced: false)),
            .. wanted.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => Bring(inventory, each.Key, each.Value)),
        ];
        byName = Packages.ToLookup(package => package.Package.Name, StringComparer.Ordinal);
        offers = Packages.Where(package => package.Package.Links is not null).SelectMany(Offers).ToLookup(offer => offer.Name, StringComparer.Ordinal);
    }

    public IReadOnlyList<SetPackage> Packages { get; }

    public IReadOnlyDictionary<string, string> Platform { get; }

    public IEnumerable<SetPackage> Named(string name) => byName[name];

    /// <summary>Who replaces or provides the name.</summary>
    public IEnumerable<Offer> Offering(string name) => offers[name];

    private static SetPackage Bring(Inventory inventory, string name, string version)
    {
        var installed = inventory.Packages.Where(package => package.Name == name).ToList();
        if (installed.FirstOrDefault(package => SameVersion(package.Version, version)) is { } same)
        {
            return new SetPackage(same, IsReplaced: false);
        }

        var known = installed.FirstOrDefault() ?? new InstalledPackage { Name = name, Version = version };
        return new SetPackage(known with { Version = version, Aliases = [] }, IsReplaced: true);
    }

    private static bool SameVersion(string one, string other) =>
        one == other || (one.Length <= VersionGrammar.Longest && other.Length <= VersionGrammar.Longest && ComposerVersion.TryParse(one, out var left, out _) && ComposerVersion.TryParse(other, out var right, out _) && left.Normalized == right.Normalized);

    private static IEnumerable<Offer> Offers(SetPackage package) =>
        package.Package.Links!.Replaces.Select(link => new Offer(link.Name, package, link, IsReplacement: true))
            .Concat(package.Package.Links.Provides.Select(link => new Offer(link.Name, package, link, IsReplacement: false)));
}

/// <param name="Package">As it will be.</param>
/// <param name="IsReplaced">The patch brings another version than the inventory tells, so that its requirements are not known.</param>
internal sealed record SetPackage(InstalledPackage Package, bool IsReplaced)
{
    private IReadOnlyList<ComposerVersion>? versions;

    /// <summary>Its version and its aliases; empty where none can be read.</summary>
    public IReadOnlyList<ComposerVersion> Versions => versions ??=
        [.. Package.Aliases.Prepend(Package.Version).Select(text => text.Length <= VersionGrammar.Longest && ComposerVersion.TryParse(text, out var version, out _) ? version : null).OfType<ComposerVersion>()];

    public bool Satisfies(ComposerConstraint constraint)
    {
        foreach (var version in Versions)
        {
            if (constraint.IsSatisfiedBy(version))
            {
                return true;
            }
        }

        return false;
    }
}

internal sealed record Offer(string Name, SetPackage By, PackageLink Link, bool IsReplacement);
