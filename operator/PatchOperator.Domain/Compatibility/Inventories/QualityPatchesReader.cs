using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary><c>vendor/bin/magento-patches status</c>, as its table and as its JSON; taken are the patches that are applied.</summary>
internal static partial class QualityPatchesReader
{
    private const string Expected = "the output of 'magento-patches status'";
    private const string Applied = "Applied";

    private static readonly char[] Boxes = ['║', '│', '┃'];
    private static readonly char[] Ascii = ['|'];

    public static bool IsTable(ReadOnlySpan<byte> text) => TextLines.Of(text).Any(line => IsHeader(Cells(line.Text)));

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        var inventory = new InventoryBuilder(InventoryFormat.QualityPatches);
        var rows = text.TrimStart(" \t\r\n"u8)[0] == (byte)'[' ? ReadJson(text) : ReadTable(text);
        var unclear = new List<string>();
        foreach (var row in rows)
        {
            // A patch of the site's own has no id; its title is the name of its file.
            var id = row.Id is "" or "N/A" ? row.Title : row.Id;
            if (row.Status == Applied)
            {
                var packages = Component().Matches(row.Details).Select(match => match.Groups[1].Value.ToLowerInvariant()).Distinct().ToList();
                inventory.Add(new AppliedPatch { Id = id, Title = row.Title, Package = packages.Count == 1 ? packages[0] : null });
            }
            else if (row.Status == "N/A")
            {
                unclear.Add(id);
            }
        }

        if (unclear.Count > 0)
        {
            inventory.Note($"the tool cannot tell whether {(unclear.Count == 1 ? "this patch is" : "these patches are")} applied: {InventoryBuilder.Some(unclear)}");
        }

        return inventory.Build();
    }

    private static List<Row> ReadJson(ReadOnlySpan<byte> text)
    {
        var input = new JsonInput(text);
        var rows = new List<Row>();
        for (var isArray = input.Array(Expected); isArray && input.NextItem();)
        {
            input.Peek();
            var start = input.Offset;
            string? id = null, title = null, status = null, details = null;
            for (var isObject = input.Object("a patch, which is an object with Id and Status"); isObject && input.NextMember();)
            {
                if (input.Is("Id"u8))
                {
                    id = input.Text("an id, as text");
                }
                else if (input.Is("Title"u8))
                {
                    title = input.TextIfAny();
                }
                else if (input.Is("Status"u8))
                {
                    status = input.Text("Applied, Not applied or N/A");
                }
                else if (input.Is("Details"u8))
                {
                    details = input.TextIfAny();
                }
                else
                {
                    input.Skip();
                }
            }

            rows.Add(id is not null && status is not null ? new Row(id.Trim(), OneLine(title), Known(status.Trim(), start), details ?? "")
                : throw new InventoryFormatException(start, "expected a patch with Id and Status"));
        }

        input.End();
        return rows;
    }

    private static List<Row> ReadTable(ReadOnlySpan<byte> text)
    {
        var rows = new List<Row>();
        List<string>? columns = null;
        List<string>? cells = null;
        var rowOffset = 0L;
        void Close()
        {
            if (cells is not null)
            {
                string Cell(string name) => columns!.IndexOf(name) is var index and >= 0 && index < cells.Count ? cells[index].Trim() : "";
                rows.Add(new Row(Cell("Id"), OneLine(Cell("Title")), Known(Cell("Status"), rowOffset), Cell("Details")));
                cells = null;
            }
        }

        foreach (var (offset, line) in TextLines.Of(text))
        {
            var parts = Cells(line);
            if (columns is null)
            {
                columns = IsHeader(parts) ? parts : null;
            }
            else if (parts is null)
            {
                Close();
            }
            else if (parts.Count != columns.Count)
            {
                throw new InventoryFormatException(offset, $"expected a row of {columns.Count} columns, found {parts.Count}; do not cut the table to the width of a terminal");
            }
            else if (parts[columns.IndexOf("Status")].Length > 0)
            {
                Close();
                (cells, rowOffset) = (parts, offset);
            }
            else if (cells is null)
            {
                (cells, rowOffset) = (parts, offset);
            }
            else
            {
                cells = [.. cells.Zip(parts, (known, more) => more.Length == 0 ? known : known + "\n" + more)];
            }
        }

        Close();
        return columns is null ? throw new InventoryFormatException(0, $"expected {Expected}, found no table with Id and Status; --format=json is read too") : rows;
    }

    private static bool IsHeader(List<string>? cells) => cells is not null && cells.Contains("Id") && cells.Contains("Status");

    /// <summary>Null for a line between rows, and for text that is no table.</summary>
    private static List<string>? Cells(string line)
    {
        // A title may have a plain bar in it, but no box.
        var bars = line.StartsWith('|') ? Ascii : Boxes;
        return line.Length > 1 && bars.Contains(line[0]) && bars.Contains(line[^1]) ? [.. line[1..^1].Split(bars).Select(cell => cell.Trim())] : null;
    }

    private static string Known(string status, long offset) => status is Applied or "Not applied" or "N/A" ? status
        : throw new InventoryFormatException(offset, $"expected the status Applied, Not applied or N/A, found '{TextLines.Shorten(status)}'");

    // Titles are broken every 60 characters, in the middle of words.
    private static string OneLine(string? title) => (title ?? "").ReplaceLineEndings("").Trim();

    [GeneratedRegex(@"^ *- ([a-z0-9_.-]+/[a-z0-9_.-]+)\s*$", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Component();

    private sealed record Row(string Id, string Title, string Status, string Details);
}
