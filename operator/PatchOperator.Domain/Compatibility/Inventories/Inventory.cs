namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// What is installed in one image: packages, Magento modules and applied patches. Isolated patches change no package version, so
/// packages alone do not tell two images apart.
/// </summary>
public sealed record Inventory
{
    /// <summary>A large shop has a third of this. Ten bytes of a file can become a thousand of memory, with the row that is made of them.</summary>
    public const int MostEntries = 40_000;

    public static readonly Inventory Empty = new();

    /// <summary>Digests of the images that were looked at, <c>sha256:…</c>, where the sources tell. One, unless somebody mixed them up.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];

    public string? ImageDigest => Images.Count > 0 ? Images[0] : null;

    /// <summary>Where this comes from; a kind of fact that no source tells is unknown, not absent.</summary>
    public IReadOnlyList<InventoryFormat> Sources { get; init; } = [];

    /// <summary>By name, then version. A name can be there twice with different versions.</summary>
    public IReadOnlyList<InstalledPackage> Packages { get; init; } = [];

    /// <summary>By name.</summary>
    public IReadOnlyList<MagentoModule> Modules { get; init; } = [];

    /// <summary>By package, then id.</summary>
    public IReadOnlyList<AppliedPatch> AppliedPatches { get; init; } = [];

    /// <summary>What is known of <c>php</c>, <c>ext-*</c> and <c>lib-*</c>: a version, or the constraint that the project itself sets.</summary>
    public IReadOnlyDictionary<string, string> Platform { get; init; } = new Dictionary<string, string>();

    /// <summary>What a reader of the result must know of the source: entries left out, names that are there twice.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Packages with their requirements, modules and patches: what it costs to keep and to judge.</summary>
    public int Entries => Packages.Sum(package => package.Entries) + Modules.Count + AppliedPatches.Count;

    public bool KnowsModules => Sources.Any(InventoryFormats.TellsModules);

    public bool KnowsAppliedPatches => Sources.Any(InventoryFormats.TellsAppliedPatches);
}

/// <summary>Who hands packages out, and so which grammar their versions have.</summary>
public enum PackageEcosystem
{
    Composer,
    Npm,

    /// <summary>An app or an extension of a shop.</summary>
    ShopifyApp,

    /// <summary>A quarterly version of Shopify's API, such as <c>2026-07</c>.</summary>
    ShopifyApi,
}

public sealed record InstalledPackage
{
    /// <summary>Composer names in lower case, as Composer compares them.</summary>
    public required string Name { get; init; }

    /// <summary>As the source writes it.</summary>
    public required string Version { get; init; }

    public PackageEcosystem Ecosystem { get; init; }

    /// <summary>Composer's type, such as <c>magento2-module</c>; null where the source does not tell.</summary>
    public string? Type { get; init; }

    public bool IsDev { get; init; }

    /// <summary>Further versions that it counts as: branch aliases and the project's own.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Magento modules that live in its namespaces, such as <c>Acme_FraudCheck</c>.</summary>
    public IReadOnlyList<string> ModuleNames { get; init; } = [];

    /// <summary>Null where the source tells no requirements.</summary>
    public PackageLinks? Links { get; init; }

    /// <summary>Itself and what it says of others.</summary>
    public int Entries => Links is { } links ? 1 + links.Requires.Count + links.Conflicts.Count + links.Replaces.Count + links.Provides.Count : 1;

    public override string ToString() => $"{Name} {Version}";
}

/// <summary>What one package says of others.</summary>
public sealed record PackageLinks
{
    public static readonly PackageLinks None = new();

    public IReadOnlyList<PackageLink> Requires { get; init; } = [];

    public IReadOnlyList<PackageLink> Conflicts { get; init; } = [];

    public IReadOnlyList<PackageLink> Replaces { get; init; } = [];

    public IReadOnlyList<PackageLink> Provides { get; init; } = [];
}

/// <param name="Name">The other package, in lower case.</param>
/// <param name="Constraint">As written; <c>self.version</c> stands for the version of the package that says it.</param>
public sealed record PackageLink(string Name, string Constraint);

/// <param name="Name">As in <c>registration.php</c>, such as <c>Acme_FraudCheck</c>.</param>
/// <param name="Enabled">Code of a disabled module is there, but none of it runs.</param>
public sealed record MagentoModule(string Name, bool Enabled);

/// <summary>A patch on top of packages, which leaves their versions as they are.</summary>
public sealed record AppliedPatch
{
    /// <summary>Its id where it has one, else its file, address or title.</summary>
    public required string Id { get; init; }

    /// <summary>The patched package, where there is exactly one.</summary>
    public string? Package { get; init; }

    /// <summary>64 hexadecimal digits.</summary>
    public string? Sha256 { get; init; }

    public string? Title { get; init; }
}
