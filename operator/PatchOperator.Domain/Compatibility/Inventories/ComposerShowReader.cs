namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// <c>composer show --format=json</c>: names and versions, no types and no requirements. With <c>--platform</c> also the versions of PHP
/// and its extensions.
/// </summary>
internal static class ComposerShowReader
{
    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "the output of 'composer show --format=json', which is an object with 'installed'";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.ComposerShow);
        var platform = new Dictionary<string, string>(StringComparer.Ordinal);
        var hasPackages = false;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("installed"u8) || input.Is("locked"u8))
            {
                hasPackages = true;
                foreach (var (name, version) in ReadPackages(ref input))
                {
                    inventory.Add(new InstalledPackage { Name = name, Version = version });
                }
            }
            else if (input.Is("platform"u8))
            {
                foreach (var (name, version) in ReadPackages(ref input))
                {
                    platform[name] = version;
                }
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        return hasPackages ? inventory.Build() with { Platform = platform } : throw new InventoryFormatException(0, $"expected {expected}");
    }

    private static List<(string Name, string Version)> ReadPackages(ref JsonInput input)
    {
        var packages = new List<(string Name, string Version)>();
        if (!input.Array("a list of packages"))
        {
            return packages;
        }

        while (input.NextItem())
        {
            input.Peek();
            var start = input.Offset;
            if (!input.Object("a package, which is an object with name and version"))
            {
                continue;
            }

            string? name = null, version = null;
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
                else
                {
                    input.Skip();
                }
            }

            if (string.IsNullOrWhiteSpace(name) || string.IsNullOrWhiteSpace(version))
            {
                throw new InventoryFormatException(start, name is null
                    ? "expected a package with a name, found none"
                    : $"expected a version of {name}, found none; run composer show without --name-only and --path");
            }

            // A branch is followed by its commit: "dev-main 4f2c19e".
            packages.Add((name.ToLowerInvariant(), version.Trim().Split(' ')[0]));
        }

        return packages;
    }
}
