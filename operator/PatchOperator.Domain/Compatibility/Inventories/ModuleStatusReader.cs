using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary><c>bin/magento module:status</c>, with or without module names as arguments.</summary>
internal static partial class ModuleStatusReader
{
    private const string EnabledHeader = "List of enabled modules:";
    private const string DisabledHeader = "List of disabled modules:";

    public static bool LooksRight(ReadOnlySpan<byte> text) =>
        text.IndexOf("List of enabled modules"u8) >= 0 || text.IndexOf("List of disabled modules"u8) >= 0
        || TextLines.Of(text).Select(line => line.Text).FirstOrDefault(line => line.Length > 0) is { } first && (Single().IsMatch(first) || Name().IsMatch(first));

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        var inventory = new InventoryBuilder(InventoryFormat.ModuleStatus);
        var lines = TextLines.Of(text);
        var hasHeaders = lines.Any(line => line.Text is EnabledHeader or DisabledHeader);
        bool? isEnabled = hasHeaders ? null : true;
        var count = 0;
        foreach (var (offset, line) in lines)
        {
            if (line is EnabledHeader or DisabledHeader)
            {
                isEnabled = line == EnabledHeader;
            }
            else if (Single().Match(line) is { Success: true } single)
            {
                count++;
                if (single.Groups[2].Value != "does not exist")
                {
                    inventory.Add(new MagentoModule(single.Groups[1].Value, single.Groups[2].Value == "is enabled"));
                }
            }
            else if (isEnabled is { } enabled && Name().IsMatch(line))
            {
                count++;
                inventory.Add(new MagentoModule(line, enabled));
            }
            else if (isEnabled is not null && line is not ("" or "None"))
            {
                throw new InventoryFormatException(offset, $"expected the name of a module such as Acme_FraudCheck, 'None' or '{DisabledHeader}', found '{TextLines.Shorten(line)}'");
            }
        }

        // Whatever PHP warns of before the first header is not ours.
        return count > 0 ? inventory.Build() : throw new InventoryFormatException(0, "expected the output of 'bin/magento module:status', found no module");
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+) : +Module (is enabled|is disabled|does not exist)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Single();
}
