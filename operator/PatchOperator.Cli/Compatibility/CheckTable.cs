using System.Globalization;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Cli.Compatibility;

/// <summary>A matrix for people: what blocks first, no line longer than the terminal.</summary>
internal static class CheckTable
{
    private const string Gap = "  ";

    /// <summary>The widest that names and versions may get before they are broken too.</summary>
    private const int WidestModule = 44;
    private const int WidestVersion = 20;
    private const int NarrowestModule = 12;
    private const int NarrowestText = 30;

    public static string Format(CheckReport report, int width)
    {
        var matrix = report.Matrix;
        var text = new StringWriter();
        Paragraph(text, $"{matrix.Outcome}: ", matrix.Summary, width);
        if (matrix.Rows.Count > 0)
        {
            text.WriteLine();
            Rows(text, matrix.Rows, width);
        }

        List(text, "Requirements that the patch breaks", matrix.Conflicts.Select(each =>
            $"[{Effect(each.Effect, each.Waiver)}] {each.Conflict.Message}. To solve it, {each.Conflict.Advice}.{Owner(each.Owner?.Team)}{Waived(each.Waiver)}"), width);
        var changes = matrix.Changes.ToLookup(each => each.Change.Kind == ChangeKind.OtherImage, each => $"[{Effect(each.Effect, each.Waiver)}] {each.Change.Message}{Waived(each.Waiver)}");
        List(text, "Another image", changes[true], width);
        List(text, "Changes between the two images", changes[false], width);
        List(text, "Requirements that were broken before the patch", matrix.EarlierConflicts.Select(each => each.Message), width);
        List(text, "Notes", report.Notes, width);
        return text.ToString();
    }

    private static void Rows(StringWriter text, IReadOnlyList<MatrixRow> rows, int width)
    {
        var table = rows.Select(row => new[] { Effect(row.Effect, row.Waiver), row.Verdict.ToString(), row.Module, row.Version ?? "-", row.Owner?.Team ?? "-", Why(row) })
            .Prepend(["EFFECT", "VERDICT", "MODULE", "VERSION", "OWNER", "WHY"]).Select(cells => cells.Select(Plain).ToArray()).ToList();
        var widths = Enumerable.Range(0, 5).Select(column => Math.Min(table.Max(cells => cells[column].Length), column == 2 ? WidestModule : WidestVersion)).ToArray();
        widths[2] = Math.Max(NarrowestModule, Math.Min(widths[2], width - (widths.Sum() - widths[2]) - (4 * Gap.Length)));
        var rest = width - widths.Sum() - (5 * Gap.Length);

        // On a narrow screen the reason goes below its row.
        var isBelow = rest < NarrowestText;
        foreach (var cells in table)
        {
            var lines = Enumerable.Range(0, 5).Select(column => Break(cells[column], widths[column])).ToList();
            if (!isBelow)
            {
                lines.Add(Wrap(cells[5], rest));
            }

            for (var line = 0; line < lines.Max(column => column.Count); line++)
            {
                text.WriteLine(string.Join(Gap, lines.Select((column, index) => (line < column.Count ? column[line] : "").PadRight(index < 5 ? widths[index] : 0))).TrimEnd());
            }

            if (isBelow && cells != table[0])
            {
                foreach (var line in Wrap(cells[5], width - 4))
                {
                    text.WriteLine("    " + line);
                }
            }
        }
    }

    private static string Why(MatrixRow row)
    {
        var remedy = row.Remedy switch
        {
            { UpgradeTo: { } version, Disable: { } command } => $" Upgrade to {version}, or: {command}.",
            { UpgradeTo: { } version } => $" Upgrade to {version}.",
            { Disable: { } command } => $" To switch it off: {command}.",
            _ => "",
        };
        var contact = row.Owner?.Contact is { } found ? $" Ask {found}." : "";
        return $"{row.Reason.TrimEnd('.')}.{(row.IsDisabled ? " It is switched off." : "")}{remedy}{contact}{(row.Evidence is null ? "" : $" See {row.Evidence}")}{Waived(row.Waiver)}";
    }

    private static string Effect(FindingEffect effect, Waiver? waiver) => waiver is not null ? "waived" : effect switch
    {
        FindingEffect.Blocks => "blocks",
        FindingEffect.Warns => "warns",
        FindingEffect.None => "-",
    };

    private static string Waived(Waiver? waiver) => waiver is null ? "" : $" Waived by {waiver.By}: {waiver.Reason}.";

    private static string Owner(string? team) => team is null ? "" : $" Owner: {team}.";

    private static void List(StringWriter text, string title, IEnumerable<string> items, int width)
    {
        var all = items.ToList();
        if (all.Count > 0)
        {
            text.WriteLine();
            text.WriteLine($"{title}:");
            all.ForEach(item => Paragraph(text, "- ", item, width));
        }
    }

    private static void Paragraph(StringWriter text, string start, string content, int width)
    {
        var lines = Wrap(start + Plain(content), width - 2);
        for (var index = 0; index < lines.Count; index++)
        {
            text.WriteLine((index == 0 ? "" : "  ") + lines[index]);
        }
    }

    // Rules are written by many hands; none of them may tear the table or recolour the terminal.
    internal static string Plain(string text) => string.Concat(text.ReplaceLineEndings(" ")
        .Where(letter => char.GetUnicodeCategory(letter) != UnicodeCategory.Format).Select(letter => char.IsControl(letter) ? ' ' : letter));

    /// <summary>At blanks where there are some.</summary>
    internal static List<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => Break(word, width)))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Add(line);
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        return [.. lines, line];
    }

    private static List<string> Break(string text, int width) =>
        text.Length == 0 ? [""] : [.. Enumerable.Range(0, (text.Length + width - 1) / width).Select(part => text.Substring(part * width, Math.Min(width, text.Length - (part * width))))];
}
