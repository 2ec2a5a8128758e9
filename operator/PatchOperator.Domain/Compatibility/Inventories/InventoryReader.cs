using System.Text;
using System.Text.Json;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>Either the inventory or the problem is there.</summary>
public sealed record InventoryReading(Inventory? Inventory, InventoryProblem? Problem);

/// <summary>Reads one file of any known format. Takes bytes as they are in the image; what is packed must be unpacked before.</summary>
public static class InventoryReader
{
    private const string Known =
        "composer.lock, 'composer show --format=json', 'bin/magento module:status', app/etc/config.php, CycloneDX or SPDX as JSON, package-lock.json, patches.lock.json, "
        + "'magento-patches status' or a list of Shopify apps";

    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="format">Null finds it out from the content.</param>
    public static InventoryReading Read(ReadOnlySpan<byte> text, InventoryFormat? format = null)
    {
        if (text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            text = text[3..];
        }

        try
        {
            RefuseWhatIsNoText(text);
            return new InventoryReading(Read(text, format ?? FormatDetector.Detect(text) ?? throw Unknown(text)).Ordered(), null);
        }
        catch (InventoryFormatException exception)
        {
            return new InventoryReading(null, Locate(text, exception.Offset, exception.Message));
        }
        catch (JsonException exception)
        {
            var offset = TextPosition.OffsetOf(text, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
            return new InventoryReading(null, Locate(text, offset, Describe(text, offset, exception)));
        }
    }

    private static Inventory Read(ReadOnlySpan<byte> text, InventoryFormat format) => format switch
    {
        InventoryFormat.ComposerLock => ComposerLockReader.Read(text),
        InventoryFormat.ComposerShow => ComposerShowReader.Read(text),
        InventoryFormat.ModuleStatus => ModuleStatusReader.Read(text),
        InventoryFormat.ConfigPhp => ConfigPhpReader.Read(text),
        InventoryFormat.CycloneDx => CycloneDxReader.Read(text),
        InventoryFormat.Spdx => SpdxReader.Read(text),
        InventoryFormat.NpmLock => NpmLockReader.Read(text),
        InventoryFormat.ShopifyApps => ShopifyAppsReader.Read(text),
        InventoryFormat.PatchesLock => PatchesLockReader.Read(text),
        InventoryFormat.QualityPatches => QualityPatchesReader.Read(text),
    };

    private static void RefuseWhatIsNoText(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            throw new InventoryFormatException(0, $"the file is empty; expected {Known}");
        }

        if (text.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            throw new InventoryFormatException(0, "the content is packed with gzip; unpack it first (what is packed twice was unpacked once)");
        }

        var nul = text.IndexOf((byte)0);
        if (nul >= 0)
        {
            throw new InventoryFormatException(nul, "the content is no UTF-8 text; save it as UTF-8 (a redirection in PowerShell writes UTF-16)");
        }
    }

    private static InventoryFormatException Unknown(ReadOnlySpan<byte> text) =>
        new(Math.Max(0, text.IndexOfAnyExcept(" \t\r\n"u8)), $"the format is not known; expected {Known}, or name the format");

    private static string Describe(ReadOnlySpan<byte> text, long offset, JsonException exception)
    {
        var start = (int)Math.Min(offset, text.Length);
        var line = text[(text[..start].LastIndexOf((byte)'\n') + 1)..];
        if (line.StartsWith("<<<<<<<"u8) || line.StartsWith("======="u8) || line.StartsWith(">>>>>>>"u8))
        {
            return "a merge conflict was left in the file; resolve it, and write the file anew with its own tool";
        }

        if (start >= text.TrimEnd(" \t\r\n"u8).Length)
        {
            return "the file ends too early; it was cut off";
        }

        // The reader adds its own position, which ours replaces.
        var message = exception.Message;
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"is not JSON: {(end < 0 ? message : message[..end])}";
    }

    private static InventoryProblem Locate(ReadOnlySpan<byte> text, long offset, string message)
    {
        var (line, column) = TextPosition.Of(text, offset);
        var first = text.TrimStart(" \t\r\n"u8);
        var path = first.StartsWith("{"u8) || first.StartsWith("["u8) ? TextPosition.PathOf(text, offset) : null;
        return new InventoryProblem(line, column, path, message);
    }

    internal static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
