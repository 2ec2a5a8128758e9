using System.Text;

namespace PatchOperator.Cli.Evidence;

/// <summary>The report as Markdown, for tickets and pull requests. Nothing that a manifest says becomes markup.</summary>
internal static class EvidenceMarkdown
{
    private const string Special = "\\`*_{}[]()#+!|~";

    public static string Write(EvidenceReport report)
    {
        var text = new StringBuilder($"# {Plain(report.Title)}\n\n{Plain(report.Subject)}\n");
        foreach (var section in report.Sections)
        {
            text.Append($"\n## {Plain(section.Title)}\n");
            foreach (var block in section.Blocks)
            {
                Append(text, block);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, EvidenceBlock block)
    {
        switch (block)
        {
            case TextBlock paragraph:
                text.Append($"\n{Plain(paragraph.Text)}\n");
                break;
            case FactsBlock facts:
                Table(text, facts.Caption, ["Item", "Value"], facts.Facts.Select(f => (IReadOnlyList<string>)[f.Name, f.Value]));
                break;
            case TableBlock { Rows.Count: 0 } empty:
                text.Append($"\n### {Plain(empty.Caption)}\n\n{Plain(empty.Empty)}\n");
                break;
            case TableBlock table:
                Table(text, table.Caption, table.Columns, table.Rows);
                break;
            case PlotBlock plot:
                text.Append($"\n### {Plain(plot.Metric)}\n\n{Plain(plot.Describe())}\n");
                break;
        }
    }

    private static void Table(StringBuilder text, string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        text.Append($"\n### {Plain(caption)}\n\n| {string.Join(" | ", columns.Select(Plain))} |\n|{string.Concat(columns.Select(_ => " --- |"))}\n");
        foreach (var row in rows)
        {
            text.Append($"| {string.Join(" | ", row.Select(Plain))} |\n");
        }
    }

    private static string Plain(string value)
    {
        var plain = new StringBuilder();
        foreach (var character in SafeText.Visible(value))
        {
            plain.Append(character switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '\n' or '\r' or '\t' => " ",
                _ => Special.Contains(character, StringComparison.Ordinal) ? $"\\{character}" : character.ToString(),
            });
        }

        return plain.ToString();
    }
}
