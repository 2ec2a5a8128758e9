using System.Text.Json;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// <c>composer.lock</c>, and <c>vendor/composer/installed.json</c>, whose packages look the same; Composer 1 writes nothing there but their list.
/// </summary>
internal static class ComposerLockReader
{
    /// <summary>What Composer calls a branch that the repository names as its default.</summary>
    private const string DefaultBranch = "9999999-dev";

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.ComposerLock);
        var platform = new Dictionary<string, string>(StringComparer.Ordinal);
        var aliases = new List<(string Package, string Alias)>();
        var hasPackages = false;
        if (input.Peek() == JsonTokenType.StartArray)
        {
            ReadPackages(ref input, inventory, isDev: false);
            input.End();
            return inventory.Build();
        }

        if (!input.Object("a composer.lock, which is an object with 'packages'"))
        {
            throw input.Wrong("a composer.lock, which is an object with 'packages'");
        }

        while (input.NextMember())
        {
            if (input.Is("packages"u8))
            {
                hasPackages = true;
                ReadPackages(ref input, inventory, isDev: false);
            }
            else if (input.Is("packages-dev"u8))
            {
                ReadPackages(ref input, inventory, isDev: true);
            }
            else if (input.Is("aliases"u8))
            {
                ReadAliases(ref input, aliases);
            }
            else if (input.Is("platform"u8) || input.Is("platform-overrides"u8))
            {
                // An override is the version itself, and so says more than the constraint of the project.
                var isVersion = input.Is("platform-overrides"u8);
                foreach (var link in ReadLinks(ref input))
                {
                    if (isVersion || !platform.ContainsKey(link.Name))
                    {
                        platform[link.Name] = link.Constraint;
                    }
                }
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        if (!hasPackages)
        {
            throw new InventoryFormatException(0, "expected a composer.lock, found no 'packages'");
        }

        foreach (var (package, alias) in aliases)
        {
            inventory.AddAlias(package, alias);
        }

        return inventory.Build() with { Platform = platform };
    }

    internal static List<PackageLink> ReadLinks(ref JsonInput input)
    {
        var links = new List<PackageLink>();
        if (input.Object("an object of package names and constraints"))
        {
            while (input.NextMember())
            {
                var name = input.Member().ToLowerInvariant();

                // A platform override can be false: the extension is hidden.
                if (input.Peek() is JsonTokenType.False)
                {
                    input.Skip();
                    continue;
                }

                links.Add(new PackageLink(name, input.Text($"a constraint for {name}")));
                InventoryBuilder.Bound(links.Count);
            }
        }

        return links;
    }

    private static void ReadPackages(ref JsonInput input, InventoryBuilder inventory, bool isDev)
    {
        if (!input.Array("a list of packages"))
        {
            return;
        }

        while (input.NextItem())
        {
            inventory.Add(ReadPackage(ref input, isDev));
        }
    }

    private static InstalledPackage ReadPackage(ref JsonInput input, bool isDev)
    {
        const string expected = "a package, which is an object with name and version";
        if (input.Peek() != JsonTokenType.StartObject)
        {
            throw input.Wrong(expected);
        }

        var start = input.Offset;
        string? name = null, version = null, type = null;
        var isDefaultBranch = false;
        var branches = new List<PackageLink>();
        var modules = new List<string>();
        List<PackageLink> requires = [], conflicts = [], replaces = [], provides = [];
        input.Object(expected);
        while (input.NextMember())
        {
            if (input.Is("name"u8))
            {
                name = input.Text("the name of a package, as text");
            }
            else if (input.Is("version"u8))
            {
                version = input.Text("a version, as text");
            }
            else if (input.Is("type"u8))
            {
                type = input.TextIfAny();
            }
            else if (input.Is("require"u8))
            {
                requires = ReadLinks(ref input);
            }
            else if (input.Is("conflict"u8))
            {
                conflicts = ReadLinks(ref input);
            }
            else if (input.Is("replace"u8))
            {
                replaces = ReadLinks(ref input);
            }
            else if (input.Is("provide"u8))
            {
                provides = ReadLinks(ref input);
            }
            else if (input.Is("autoload"u8))
            {
                ReadAutoload(ref input, modules);
            }
            else if (input.Is("extra"u8))
            {
                ReadExtra(ref input, branches);
            }
            else if (input.Is("default-branch"u8))
            {
                isDefaultBranch = input.Flag();
            }
            else
            {
                input.Skip();
            }
        }

        if (string.IsNullOrWhiteSpace(name) || string.IsNullOrWhiteSpace(version))
        {
            throw new InventoryFormatException(start, string.IsNullOrWhiteSpace(name) ? "expected a package with a name, found none" : $"expected a version of {name}, found none");
        }

        return new InstalledPackage
        {
            Name = name.ToLowerInvariant(),
            Version = version,
            Type = type ?? "library",
            IsDev = isDev,
            Aliases = Aliases(version, branches, isDefaultBranch),
            ModuleNames = type is "magento2-module" or "magento2-component" ? modules : [],
            Links = new PackageLinks { Requires = requires, Conflicts = conflicts, Replaces = replaces, Provides = provides },
        };
    }

    private static IReadOnlyList<string> Aliases(string version, List<PackageLink> branches, bool isDefaultBranch)
    {
        var aliases = branches.Where(branch => string.Equals(branch.Name, version, StringComparison.OrdinalIgnoreCase)).Select(branch => branch.Constraint).ToList();
        if (isDefaultBranch && version.StartsWith("dev-", StringComparison.OrdinalIgnoreCase) && aliases.Count == 0)
        {
            aliases.Add(DefaultBranch);
        }

        return aliases;
    }

    /// <summary><c>"psr-4": {"Acme\\FraudCheck\\": ""}</c> is the module Acme_FraudCheck, by the convention that registration follows.</summary>
    private static void ReadAutoload(ref JsonInput input, List<string> modules)
    {
        if (!input.ObjectIfAny())
        {
            return;
        }

        while (input.NextMember())
        {
            if (!input.Is("psr-4"u8))
            {
                input.Skip();
                continue;
            }

            for (var isObject = input.ObjectIfAny(); isObject && input.NextMember();)
            {
                var parts = input.Member().Split('\\', StringSplitOptions.RemoveEmptyEntries);
                input.Skip();
                if (parts.Length == 2)
                {
                    modules.Add($"{parts[0]}_{parts[1]}");
                }
            }
        }
    }

    private static void ReadExtra(ref JsonInput input, List<PackageLink> branches)
    {
        if (!input.ObjectIfAny())
        {
            return;
        }

        while (input.NextMember())
        {
            if (!input.Is("branch-alias"u8))
            {
                input.Skip();
                continue;
            }

            for (var isObject = input.ObjectIfAny(); isObject && input.NextMember();)
            {
                var branch = input.Member();
                if (input.TextIfAny() is { } alias)
                {
                    branches.Add(new PackageLink(branch, alias));
                }
            }
        }
    }

    private static void ReadAliases(ref JsonInput input, List<(string Package, string Alias)> aliases)
    {
        if (!input.Array("a list of aliases"))
        {
            return;
        }

        while (input.NextItem())
        {
            string? package = null, alias = null;
            if (!input.ObjectIfAny())
            {
                continue;
            }

            while (input.NextMember())
            {
                if (input.Is("package"u8))
                {
                    package = input.TextIfAny();
                }
                else if (input.Is("alias"u8))
                {
                    alias = input.TextIfAny();
                }
                else
                {
                    input.Skip();
                }
            }

            if (package is not null && alias is not null)
            {
                aliases.Add((package.ToLowerInvariant(), alias));
            }
        }
    }
}
