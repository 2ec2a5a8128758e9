using System.Text.Json;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary><c>patches.lock.json</c> of composer-patches 2: what is applied on top of each package, with the SHA-256 of each patch.</summary>
internal static partial class PatchesLockReader
{
    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "a patches.lock.json, which is an object with 'patches'";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.PatchesLock);
        var hasPatches = false;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (!input.Is("patches"u8))
            {
                input.Skip();
                continue;
            }

            hasPatches = true;

            // By package; a plain list is what its documentation shows.
            if (input.Peek() == JsonTokenType.StartArray)
            {
                ReadPatches(ref input, inventory, null);
                continue;
            }

            for (var isObject = input.Object("an object of packages and their patches"); isObject && input.NextMember();)
            {
                var package = input.Member().ToLowerInvariant();
                ReadPatches(ref input, inventory, package);
            }
        }

        input.End();
        return hasPatches ? inventory.Build() : throw new InventoryFormatException(0, $"expected {expected}");
    }

    private static void ReadPatches(ref JsonInput input, InventoryBuilder inventory, string? package)
    {
        for (var isArray = input.Array("a list of patches"); isArray && input.NextItem();)
        {
            inventory.Add(ReadPatch(ref input, package));
        }
    }

    private static AppliedPatch ReadPatch(ref JsonInput input, string? package)
    {
        const string expected = "a patch, which is an object with url and sha256";
        input.Peek();
        var start = input.Offset;
        string? address = null, hash = null, description = null;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("url"u8))
            {
                address = input.TextOrNull("the address or file of the patch, as text");
            }
            else if (input.Is("sha256"u8))
            {
                hash = input.TextOrNull("the SHA-256 of the patch, as text");
                if (hash is not null && !Sha256().IsMatch(hash))
                {
                    throw input.Wrong("a SHA-256 of 64 hexadecimal digits");
                }
            }
            else if (input.Is("description"u8))
            {
                description = input.TextIfAny();
            }
            else if (input.Is("package"u8))
            {
                var own = input.TextIfAny();
                package ??= own?.ToLowerInvariant();
            }
            else
            {
                input.Skip();
            }
        }

        if ((address ?? description) is not { Length: > 0 } id)
        {
            throw new InventoryFormatException(start, "expected the url of the patch, found none");
        }

        return new AppliedPatch { Id = id, Package = package, Sha256 = hash?.ToLowerInvariant(), Title = description };
    }

    [GeneratedRegex(@"^[0-9a-fA-F]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha256();
}
