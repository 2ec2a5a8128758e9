using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace PatchOperator.Cli.Evidence;

/// <summary>The report as one file: no script, nothing loaded from elsewhere, and a policy in it that forbids both.</summary>
internal static partial class EvidenceHtml
{
    public static string Write(EvidenceReport report)
    {
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n");
        html.Append($"<title>{Text(report.Title)}</title>\n<style>\n{EvidenceStyle.Css}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
        html.Append($"<header>\n<h1>{Text(report.Title)}</h1>\n<p class=\"subject\">{Text(report.Subject)}</p>\n</header>\n<nav aria-label=\"Sections\">\n<ol>\n");
        foreach (var section in report.Sections)
        {
            html.Append($"<li><a href=\"#{section.Id}\">{Text(section.Title)}</a></li>\n");
        }

        html.Append("</ol>\n</nav>\n<main id=\"main\">\n");
        foreach (var section in report.Sections)
        {
            html.Append($"<section aria-labelledby=\"{section.Id}\">\n<h2 id=\"{section.Id}\">{Text(section.Title)}</h2>\n");
            for (var i = 0; i < section.Blocks.Count; i++)
            {
                Append(html, section.Blocks[i], $"{section.Id}-{i + 1}");
            }

            html.Append("</section>\n");
        }

        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Encoded for an element or a quoted attribute.</summary>
    internal static string Text(string value) => WebUtility.HtmlEncode(SafeText.Visible(value));

    private static void Append(StringBuilder html, EvidenceBlock block, string id)
    {
        switch (block)
        {
            case TextBlock text:
                html.Append($"<p{Class(text.Tone)}>{Text(text.Text)}</p>\n");
                break;
            case FactsBlock facts:
                html.Append($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">\n<table class=\"facts\">\n<caption id=\"{id}\">{Text(facts.Caption)}</caption>\n<tbody>\n");
                foreach (var fact in facts.Facts)
                {
                    html.Append($"<tr><th scope=\"row\">{Text(fact.Name)}</th><td{Class(fact.Tone)}>{Text(fact.Value)}</td></tr>\n");
                }

                html.Append("</tbody>\n</table>\n</div>\n");
                break;
            case TableBlock { Rows.Count: 0 } empty:
                html.Append($"<h3>{Text(empty.Caption)}</h3>\n<p>{Text(empty.Empty)}</p>\n");
                break;
            case TableBlock table:
                AppendTable(html, table, id);
                break;
            case PlotBlock plot:
                html.Append(EvidencePlot.Draw(plot, id));
                break;
        }
    }

    private static void AppendTable(StringBuilder html, TableBlock table, string id)
    {
        html.Append($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{id}\">\n<table>\n<caption id=\"{id}\">{Text(table.Caption)}</caption>\n<thead>\n<tr>");
        foreach (var column in table.Columns)
        {
            html.Append($"<th scope=\"col\">{Text(column)}</th>");
        }

        html.Append("</tr>\n</thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            html.Append($"<tr><th scope=\"row\">{Cell(row[0])}</th>");
            foreach (var cell in row.Skip(1))
            {
                html.Append($"<td>{Cell(cell)}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody>\n</table>\n</div>\n");
    }

    /// <summary>A reason such as ApprovalRecorded may break between its words, where a column is narrow, and nowhere else.</summary>
    private static string Cell(string value) => Reason().IsMatch(value) ? Hump().Replace(Text(value), "<wbr/>") : Text(value);

    [GeneratedRegex("^[A-Z][a-z]+([A-Z][a-z]+)+$", RegexOptions.CultureInvariant)]
    private static partial Regex Reason();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex Hump();

    private static string Class(Tone tone) => tone switch
    {
        Tone.Good => " class=\"good\"",
        Tone.Bad => " class=\"bad\"",
        Tone.Open => " class=\"open\"",
        Tone.Plain => "",
    };
}
