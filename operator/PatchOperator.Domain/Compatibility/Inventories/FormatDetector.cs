using System.Text.Json;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Tells the formats apart by what only they have; names of files are not asked.</summary>
internal static class FormatDetector
{
    /// <summary>Null where nothing fits.</summary>
    public static InventoryFormat? Detect(ReadOnlySpan<byte> text)
    {
        var content = text.TrimStart(" \t\r\n"u8);
        return content[0] switch
        {
            (byte)'{' => OfObject(text),
            (byte)'[' => OfArray(text),
            (byte)'<' when content.StartsWith("<?php"u8) => InventoryFormat.ConfigPhp,
            (byte)'<' when content.StartsWith("<<<<<<<"u8) => throw new InventoryFormatException(0, "a merge conflict was left in the file; resolve it, and write the file anew with its own tool"),
            (byte)'<' => throw new InventoryFormatException(0, "expected JSON, found XML; write the bill of materials as JSON"),
            _ when content.StartsWith("SPDXVersion:"u8) => throw new InventoryFormatException(0, "expected JSON, found SPDX tags; write the bill of materials as spdx-json"),
            _ => OfText(content),
        };
    }

    private static InventoryFormat? OfObject(ReadOnlySpan<byte> text)
    {
        var input = new JsonInput(text);
        input.Object("an object");
        var (hasPackages, hasPatches, hasInstalled) = (false, false, false);
        while (Next(ref input))
        {
            if (input.Is("bomFormat"u8))
            {
                return InventoryFormat.CycloneDx;
            }

            if (input.Is("spdxVersion"u8) || input.Is("SPDXID"u8))
            {
                return InventoryFormat.Spdx;
            }

            if (input.Is("@graph"u8) || input.Is("@context"u8))
            {
                throw new InventoryFormatException(0, "expected SPDX 2.2 or 2.3, found linked data as SPDX 3 writes it; write the bill of materials as spdx-json 2.3");
            }

            if (input.Is("lockfileVersion"u8))
            {
                return InventoryFormat.NpmLock;
            }

            if (input.Is("content-hash"u8) || input.Is("packages-dev"u8) || input.Is("dev-package-names"u8) || input.Is("plugin-api-version"u8))
            {
                return InventoryFormat.ComposerLock;
            }

            if (input.Is("apps"u8) || input.Is("extensions"u8) || input.Is("api_version"u8))
            {
                return InventoryFormat.ShopifyApps;
            }

            hasInstalled |= input.Is("installed"u8) || input.Is("locked"u8);
            hasPackages |= input.Is("packages"u8);
            hasPatches |= input.Is("patches"u8);
            if (!TrySkip(ref input))
            {
                break;
            }
        }

        return hasInstalled ? InventoryFormat.ComposerShow : hasPackages ? InventoryFormat.ComposerLock : hasPatches ? InventoryFormat.PatchesLock : null;
    }

    private static InventoryFormat? OfArray(ReadOnlySpan<byte> text)
    {
        var input = new JsonInput(text);
        input.Array("a list");
        if (!input.NextItem() || input.Peek() != JsonTokenType.StartObject)
        {
            return null;
        }

        input.Object("an object");
        while (Next(ref input))
        {
            if (input.Is("Id"u8) || input.Is("Status"u8))
            {
                return InventoryFormat.QualityPatches;
            }

            if (input.Is("version"u8) || input.Is("version_normalized"u8))
            {
                return InventoryFormat.ComposerLock;
            }

            if (!TrySkip(ref input))
            {
                break;
            }
        }

        return null;
    }

    private static InventoryFormat? OfText(ReadOnlySpan<byte> text) =>
        QualityPatchesReader.IsTable(text) ? InventoryFormat.QualityPatches : ModuleStatusReader.LooksRight(text) ? InventoryFormat.ModuleStatus : null;

    // A broken file still has a format: the one that its sound part shows. Its reader then says what is broken.
    private static bool Next(ref JsonInput input)
    {
        try
        {
            return input.NextMember();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TrySkip(ref JsonInput input)
    {
        try
        {
            input.Skip();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
