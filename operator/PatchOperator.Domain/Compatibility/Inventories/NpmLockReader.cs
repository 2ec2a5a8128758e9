namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary><c>package-lock.json</c> of a storefront: versions 2 and 3, whose <c>packages</c> are keyed by path.</summary>
internal static class NpmLockReader
{
    private const string Modules = "node_modules/";

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "a package-lock.json";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.NpmLock);
        var hasPackages = false;
        int? version = null;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("lockfileVersion"u8))
            {
                version = input.Number() ?? throw input.Wrong("lockfileVersion 2 or 3");
            }
            else if (input.Is("packages"u8))
            {
                hasPackages = true;
                for (var isObject = input.Object("an object of paths and packages"); isObject && input.NextMember();)
                {
                    ReadPackage(ref input, inventory);
                }
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        return hasPackages && version is 2 or 3 ? inventory.Build()
            : throw new InventoryFormatException(0, $"expected a package-lock.json of version 2 or 3, found {(version is null ? "no lockfileVersion" : $"version {version}")}; npm 7 and later write them");
    }

    private static void ReadPackage(ref JsonInput input, InventoryBuilder inventory)
    {
        var path = input.Member();
        string? version = null, name = null;
        var (isLink, isDev) = (false, false);
        if (!input.Object($"a package for {path}, which is an object"))
        {
            return;
        }

        while (input.NextMember())
        {
            if (input.Is("version"u8))
            {
                version = input.TextOrNull("a version, as text");
            }
            else if (input.Is("name"u8))
            {
                name = input.TextIfAny();
            }
            else if (input.Is("link"u8))
            {
                isLink = input.Flag();
            }
            else if (input.Is("dev"u8))
            {
                isDev = input.Flag();
            }
            else
            {
                input.Skip();
            }
        }

        // "" is the project itself; a path outside of node_modules is a part of it, which a link points to. A name differs from its path where npm aliases.
        var at = path.LastIndexOf(Modules, StringComparison.Ordinal);
        var found = name ?? (at < 0 ? null : path[(at + Modules.Length)..]);
        if (path.Length > 0 && !isLink && version is not null && !string.IsNullOrEmpty(found))
        {
            inventory.Add(new InstalledPackage { Name = found, Version = version, Ecosystem = PackageEcosystem.Npm, IsDev = isDev });
        }
    }
}
