using PatchOperator.Domain.Compatibility.Composer;
using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Compatibility.Resolver;

/// <summary>
/// Checks every requirement and conflict of every package against the packages as they will be. The versions are given, so nothing is
/// solved; what is found is what a resolver would refuse. Only what the patch breaks counts, and what was broken before is told apart.
/// </summary>
internal sealed class ConflictFinder(PackageSet before, PackageSet after)
{
    private readonly ConstraintCache constraints = new();
    private readonly SortedSet<string> unknownPlatform = new(StringComparer.Ordinal);

    public (IReadOnlyList<DependencyConflict> New, IReadOnlyList<DependencyConflict> Earlier, IReadOnlyList<string> Notes) Find()
    {
        var broken = Broken(after).ToList();
        var earlier = ReferenceEquals(before, after) ? broken : [.. Broken(before)];
        var known = earlier.Select(KeyOf).ToHashSet();
        var all = broken.OrderBy(each => each.Package.Package.Name, StringComparer.Ordinal).ThenBy(each => each.Link.Name, StringComparer.Ordinal)
            .ThenBy(each => each.Kind).ThenBy(each => each.Link.Constraint, StringComparer.Ordinal).ToList();
        return (
            [.. all.Where(each => !known.Contains(KeyOf(each))).Select(Describe)],
            [.. all.Where(each => known.Contains(KeyOf(each))).Select(Describe)],
            Notes());
    }

    private static (ConflictKind, string, string, string) KeyOf(Break broken) => (broken.Kind, broken.Package.Package.Name, broken.Link.Name, broken.Link.Constraint);

    private IEnumerable<Break> Broken(PackageSet set)
    {
        foreach (var package in set.Packages)
        {
            // Development packages are not in the image, whatever the lock says of them.
            if (package.Package is not { Ecosystem: PackageEcosystem.Composer, IsDev: false, Links: { } links } || package.IsReplaced)
            {
                continue;
            }

            foreach (var link in links.Requires)
            {
                if (IsUnmet(set, package, link))
                {
                    yield return new Break(ConflictKind.Requires, package, link, null);
                }
            }

            foreach (var link in links.Conflicts)
            {
                if (FindEnemy(set, package, link) is { } enemy)
                {
                    yield return new Break(ConflictKind.Conflicts, package, link, enemy);
                }
            }

            foreach (var link in links.Replaces)
            {
                if (set.Named(link.Name).FirstOrDefault(other => other.Package.Name != package.Package.Name && !other.Package.IsDev) is { } other)
                {
                    yield return new Break(ConflictKind.Replaces, package, link, other);
                }
            }
        }
    }

    private bool IsUnmet(PackageSet set, SetPackage package, PackageLink link)
    {
        if (constraints.Get(link.Constraint, package.Package.Version) is not { } wanted)
        {
            return false;
        }

        if (IsPlatform(link.Name))
        {
            return IsUnmetByPlatform(set, link, wanted);
        }

        return !set.Named(link.Name).Any(other => other.Versions.Count == 0 || other.Satisfies(wanted))
            && !set.Offering(link.Name).Any(offer => Overlaps(offer, wanted));
    }

    private bool IsUnmetByPlatform(PackageSet set, PackageLink link, ComposerConstraint wanted)
    {
        if (set.Offering(link.Name).Any(offer => Overlaps(offer, wanted)))
        {
            return false;
        }

        if (!set.Platform.TryGetValue(link.Name, out var known) || constraints.Get(known, "") is not { } there)
        {
            // Composer's own versions matter to its plugins only, which do not run in a shop.
            if (!link.Name.StartsWith("composer", StringComparison.Ordinal))
            {
                unknownPlatform.Add(link.Name);
            }

            return false;
        }

        return !wanted.Intersects(there);
    }

    private SetPackage? FindEnemy(PackageSet set, SetPackage package, PackageLink link)
    {
        if (constraints.Get(link.Constraint, package.Package.Version) is not { } unwanted)
        {
            return null;
        }

        // Nobody is at war with itself, also not under a name that it replaces.
        return set.Named(link.Name).FirstOrDefault(other => other.Package.Name != package.Package.Name && !other.Package.IsDev && other.Satisfies(unwanted))
            ?? set.Offering(link.Name).FirstOrDefault(offer => offer.By.Package.Name != package.Package.Name && !offer.By.Package.IsDev && Overlaps(offer, unwanted))?.By;
    }

    private bool Overlaps(Offer offer, ComposerConstraint wanted) =>
        constraints.Get(offer.Link.Constraint, offer.By.Package.Version) is not { } offered || offered.Intersects(wanted);

    private DependencyConflict Describe(Break broken)
    {
        var ((package, _), link) = (broken.Package, broken.Link);
        var (message, advice) = broken.Kind switch
        {
            ConflictKind.Requires => IsPlatform(link.Name)
                ? ($"requires {link.Name} {link.Constraint}, but the project sets {link.Name} to {after.Platform[link.Name]}", $"run the patched image with a {link.Name} that fits")
                : DescribeRequirement(package, link),
            ConflictKind.Conflicts => (
                $"conflicts with {link.Name} {link.Constraint}, and {Brings(broken.Enemy!.Package)}",
                $"upgrade {package.Name} to a version that lives with {broken.Enemy!.Package}, or take it out of the image"),
            ConflictKind.Replaces => ($"replaces {link.Name}, and {Brings(broken.Enemy!.Package)} beside it", $"take {link.Name} or {package.Name} out of the image"),
        };
        return new DependencyConflict
        {
            Kind = broken.Kind,
            Package = package.Name,
            Version = package.Version,
            Other = link.Name,
            Constraint = link.Constraint,
            Message = $"{package} {message}",
            Advice = advice,
        };
    }

    private (string Message, string Advice) DescribeRequirement(InstalledPackage package, PackageLink link)
    {
        var wanted = $"requires {link.Name} {link.Constraint}";
        if (after.Named(link.Name).FirstOrDefault() is { } there)
        {
            return ($"{wanted}, but {Brings(there.Package)}", $"upgrade {package.Name} to a version that allows {there.Package}, or take it out of the image");
        }

        if (after.Offering(link.Name).FirstOrDefault() is { } offer)
        {
            return ($"{wanted}, but {offer.By.Package} {(offer.IsReplacement ? "replaces" : "provides")} it as {(offer.Link.Constraint == ConstraintCache.SelfVersion ? offer.By.Package.Version : offer.Link.Constraint)} only", $"upgrade {package.Name}, or install {link.Name} itself");
        }

        return before.Named(link.Name).FirstOrDefault() is { } gone
            ? ($"{wanted}, but the patch takes {gone.Package} away", $"put {link.Name} back into the patched image, or take {package.Name} out")
            : ($"{wanted}, which is not installed", $"add {link.Name} {link.Constraint} to the patched image");
    }

    private string Brings(InstalledPackage package) =>
        before.Named(package.Name).Any(old => old.Package.Version == package.Version) ? $"the image has {package}" : $"the patch brings {package}";

    private List<string> Notes()
    {
        var notes = new List<string>();
        var replaced = after.Packages.Where(package => package.IsReplaced).Select(package => package.Package.ToString()).ToList();
        if (replaced.Count > 0)
        {
            notes.Add($"what {InventoryBuilder.Some(replaced)} {(replaced.Count == 1 ? "requires" : "require")} is not known, since the inventory is of the image before the patch; the patched image's composer.lock tells");
        }

        var silent = after.Packages.Count(package => package.Package is { Ecosystem: PackageEcosystem.Composer, Links: null, IsDev: false } && !package.IsReplaced);
        if (silent > 0)
        {
            notes.Add($"the inventory does not tell what {silent} packages require, so conflicts of theirs are not seen; a composer.lock tells");
        }

        if (unknownPlatform.Count > 0)
        {
            notes.Add($"requirements of the platform were not checked, since the inventory does not tell its version: {InventoryBuilder.Some([.. unknownPlatform])}");
        }

        var unreadable = after.Packages.Where(package => package.Package.Ecosystem == PackageEcosystem.Composer && package.Versions.Count == 0)
            .Select(package => TextLines.Shorten(package.Package.ToString())).Order(StringComparer.Ordinal).ToList();
        if (unreadable.Count > 0)
        {
            notes.Add($"versions that Composer would refuse are taken to meet every requirement: {InventoryBuilder.Some(unreadable)}");
        }

        var invalid = constraints.Invalid.Order(StringComparer.Ordinal).ToList();
        if (invalid.Count > 0)
        {
            notes.Add($"constraints that Composer would refuse were not checked: {InventoryBuilder.Some([.. invalid.Select(TextLines.Shorten)])}");
        }

        return notes;
    }

    private static bool IsPlatform(string name) =>
        name is "php" or "hhvm" or "composer" or "composer-plugin-api" or "composer-runtime-api"
        || (!name.Contains('/') && (name.StartsWith("ext-", StringComparison.Ordinal) || name.StartsWith("lib-", StringComparison.Ordinal) || name.StartsWith("php-", StringComparison.Ordinal)));

    private sealed record Break(ConflictKind Kind, SetPackage Package, PackageLink Link, SetPackage? Enemy);
}
