namespace PatchOperator.Domain.Compatibility.Inventories;

public enum InventoryFormat
{
    /// <summary><c>composer.lock</c>, and <c>vendor/composer/installed.json</c>, which has the same packages.</summary>
    ComposerLock,

    /// <summary><c>composer show --format=json</c>.</summary>
    ComposerShow,

    /// <summary><c>bin/magento module:status</c>.</summary>
    ModuleStatus,

    /// <summary><c>app/etc/config.php</c>.</summary>
    ConfigPhp,

    /// <summary>CycloneDX JSON, 1.2 and later.</summary>
    CycloneDx,

    /// <summary>SPDX JSON 2.2 and 2.3.</summary>
    Spdx,

    /// <summary><c>package-lock.json</c>, versions 2 and 3.</summary>
    NpmLock,

    /// <summary>Apps and extensions of a Shopify store; the format is ours.</summary>
    ShopifyApps,

    /// <summary><c>patches.lock.json</c> of composer-patches 2.</summary>
    PatchesLock,

    /// <summary><c>vendor/bin/magento-patches status</c>, as table or JSON.</summary>
    QualityPatches,
}

/// <summary>The formats' names on the command line and in messages.</summary>
public static class InventoryFormats
{
    private static readonly (InventoryFormat Format, string Name)[] All =
    [
        (InventoryFormat.ComposerLock, "composer-lock"),
        (InventoryFormat.ComposerShow, "composer-show"),
        (InventoryFormat.ModuleStatus, "module-status"),
        (InventoryFormat.ConfigPhp, "config-php"),
        (InventoryFormat.CycloneDx, "cyclonedx"),
        (InventoryFormat.Spdx, "spdx"),
        (InventoryFormat.NpmLock, "npm-lock"),
        (InventoryFormat.ShopifyApps, "shopify-apps"),
        (InventoryFormat.PatchesLock, "patches-lock"),
        (InventoryFormat.QualityPatches, "quality-patches"),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(each => each.Name)];

    public static string NameOf(InventoryFormat format) => All.First(each => each.Format == format).Name;

    public static InventoryFormat? ByName(string name) =>
        All.FirstOrDefault(each => string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase)) is { Name: not null } found ? found.Format : null;

    internal static bool TellsModules(InventoryFormat format) => format is InventoryFormat.ModuleStatus or InventoryFormat.ConfigPhp;

    internal static bool TellsAppliedPatches(InventoryFormat format) => format is InventoryFormat.PatchesLock or InventoryFormat.QualityPatches;
}
