using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>
/// Which packages need a rule to be trusted. Third-party are Magento modules, themes, libraries and components of any vendor but Magento
/// itself, apps and extensions of a Shopify store, and a shop's own modules outside of Composer. Not third-party are packages that
/// Magento's own metapackages bring, since Adobe releases and tests those together, development packages, language packs, and plain PHP
/// or npm libraries. But a package whose Magento module the image lists is one, whatever else is told of it. A rule that names a package
/// is heeded whatever the package is.
/// </summary>
internal sealed class ThirdPartyModules
{
    private const string Metapackage = "metapackage";
    private const string CoreModulePrefix = "Magento_";
    private static readonly string[] CoreVendors = ["magento/", "adobe-commerce/", "adobe/", "mage-os/"];

    private readonly HashSet<string> bundled = new(StringComparer.Ordinal);

    public ThirdPartyModules(Inventory inventory)
    {
        var packages = inventory.Packages.Where(package => package is { Ecosystem: PackageEcosystem.Composer, Links: not null }).ToLookup(package => package.Name, StringComparer.Ordinal);
        var queue = new Queue<InstalledPackage>(packages.Where(same => IsCore(same.Key)).SelectMany(same => same).Where(package => package.Type == Metapackage));
        while (queue.TryDequeue(out var package))
        {
            // A bundle's module brings further ones of its own vendor along, and libraries of others, which are none of our rows.
            var brought = package.Links!.Requires.Where(link => package.Type == Metapackage || VendorOf(link.Name) == VendorOf(package.Name));
            foreach (var next in brought.Where(link => bundled.Add(link.Name)).SelectMany(link => packages[link.Name]))
            {
                queue.Enqueue(next);
            }
        }
    }

    /// <param name="package">One of the inventory's, or one that the patch brings.</param>
    /// <param name="isListed">The image lists a Magento module of it. No other row tells of that module.</param>
    public bool Includes(InstalledPackage package, bool isListed) => package.Ecosystem switch
    {
        PackageEcosystem.ShopifyApp => true,
        PackageEcosystem.Npm or PackageEcosystem.ShopifyApi => false,
        PackageEcosystem.Composer => !IsCore(package.Name) && !bundled.Contains(package.Name) && (isListed || (!package.IsDev && IsMagentoCode(package))),
    };

    /// <summary>A module that no package brings; Magento's own are all packages.</summary>
    public static bool Includes(MagentoModule module) => !module.Name.StartsWith(CoreModulePrefix, StringComparison.Ordinal);

    private static string VendorOf(string name) => name.IndexOf('/') is var slash and > 0 ? name[..slash] : name;

    private static bool IsCore(string name) => CoreVendors.Any(vendor => name.StartsWith(vendor, StringComparison.Ordinal));

    private static bool IsMagentoCode(InstalledPackage package) => package.Type switch
    {
        "magento2-module" or "magento2-theme" or "magento2-library" or "magento2-component" or "magento-module" => true,
        null => LooksLikeMagentoCode(package.Name[(package.Name.IndexOf('/') + 1)..]),
        _ => false,
    };

    // SBOMs and 'composer show' tell no type. Better a module too many, about which a user can say that it is compatible.
    private static bool LooksLikeMagentoCode(string name) =>
        name.StartsWith("module-", StringComparison.Ordinal) || name.StartsWith("m2-", StringComparison.Ordinal) || name.StartsWith("theme-", StringComparison.Ordinal)
        || name.EndsWith("-m2", StringComparison.Ordinal) || name.Contains("magento", StringComparison.Ordinal);
}
