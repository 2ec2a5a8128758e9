namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>SPDX 2.2 and 2.3 as JSON. Packages are taken by their package URL among the external references.</summary>
internal static class SpdxReader
{
    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "a bill of materials in SPDX 2.2 or 2.3";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.Spdx);
        string? digest = null;
        var others = 0;
        var isSpdx = false;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("spdxVersion"u8))
            {
                isSpdx = input.Text("SPDX-2.3").StartsWith("SPDX-2.", StringComparison.Ordinal) ? true : throw input.Wrong("SPDX-2.2 or SPDX-2.3");
            }
            else if (input.Is("packages"u8))
            {
                for (var isArray = input.Array("a list of packages"); isArray && input.NextItem();)
                {
                    ReadPackage(ref input, inventory, ref digest, ref others);
                }
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        if (!isSpdx)
        {
            throw new InventoryFormatException(0, $"expected {expected}, found no 'spdxVersion'");
        }

        if (others > 0)
        {
            inventory.Note($"left out, since they are neither Composer nor npm packages with a version: {others} of the packages");
        }

        return inventory.Build() with { Images = digest is null ? [] : [digest] };
    }

    private static void ReadPackage(ref JsonInput input, InventoryBuilder inventory, ref string? digest, ref int others)
    {
        string? version = null, purpose = null;
        PackageUrl? url = null;
        if (!input.Object("a package, which is an object"))
        {
            return;
        }

        while (input.NextMember())
        {
            if (input.Is("versionInfo"u8))
            {
                version = input.TextIfAny();
            }
            else if (input.Is("primaryPackagePurpose"u8))
            {
                purpose = input.TextIfAny();
            }
            else if (input.Is("externalRefs"u8))
            {
                url = ReadReferences(ref input) ?? url;
            }
            else
            {
                input.Skip();
            }
        }

        if (purpose == "CONTAINER" || url?.Type is "oci" or "docker")
        {
            digest ??= ImageDigests.Find(version) ?? ImageDigests.Find(url?.Version);
        }
        else if (url?.ToPackage(null, isDev: false) is { } package)
        {
            inventory.Add(package);
        }
        else if (url is { Version: null } && version is not null && (url with { Version = version }).ToPackage(null, isDev: false) is { } versioned)
        {
            inventory.Add(versioned);
        }
        else
        {
            others++;
        }
    }

    private static PackageUrl? ReadReferences(ref JsonInput input)
    {
        PackageUrl? found = null;
        for (var isArray = input.Array("a list of references"); isArray && input.NextItem();)
        {
            if (!input.ObjectIfAny())
            {
                continue;
            }

            string? type = null, locator = null;
            while (input.NextMember())
            {
                if (input.Is("referenceType"u8))
                {
                    type = input.TextIfAny();
                }
                else if (input.Is("referenceLocator"u8))
                {
                    locator = input.TextIfAny();
                }
                else
                {
                    input.Skip();
                }
            }

            // Older writers give the type as an address that ends in /purl.
            if (type is not null && (type == "purl" || type.EndsWith("/purl", StringComparison.Ordinal)) && PackageUrl.TryParse(locator, out var url))
            {
                found = url;
            }
        }

        return found;
    }
}
