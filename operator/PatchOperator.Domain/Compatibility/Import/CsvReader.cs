using System.Text;

namespace PatchOperator.Domain.Compatibility.Import;

/// <param name="Line">Where the record starts, counted from 1.</param>
/// <param name="Fields">Without their quotes.</param>
internal sealed record CsvRecord(long Line, IReadOnlyList<string> Fields);

/// <summary>RFC 4180: quotes around fields with commas, quotes or line breaks in them; a quote inside is doubled.</summary>
internal static class CsvReader
{
    /// <summary>Records that are sound, and the first fault; after it nothing can be told.</summary>
    public static (IReadOnlyList<CsvRecord> Records, ImportProblem? Problem) Read(string text)
    {
        var separator = FindSeparator(text);
        var records = new List<CsvRecord>();
        var fields = new List<string>();
        var field = new StringBuilder();
        var (line, start, position) = (1L, 1L, 0);
        while (position < text.Length)
        {
            if (text[position] == '"' && field.Length == 0)
            {
                var opened = line;
                position++;
                while (true)
                {
                    if (position >= text.Length)
                    {
                        return (records, new ImportProblem(opened, null, "a quote is opened here and never closed; a quote inside of quotes is written twice"));
                    }

                    if (text[position] == '"')
                    {
                        if (position + 1 < text.Length && text[position + 1] == '"')
                        {
                            position++;
                        }
                        else
                        {
                            break;
                        }
                    }

                    line += text[position] == '\n' ? 1 : 0;
                    field.Append(text[position++]);
                }

                position++;
                if (position < text.Length && text[position] != separator && text[position] is not ('\r' or '\n'))
                {
                    return (records, new ImportProblem(line, null, $"something follows a closing quote; a quote inside of quotes is written twice, and '{separator}' ends a field"));
                }
            }
            else if (text[position] == separator)
            {
                Close(fields, field);
                position++;

                // "a," is two fields at the end of the text too.
                if (position == text.Length)
                {
                    Close(fields, field);
                }
            }
            else if (text[position] is '\r' or '\n')
            {
                position += text[position] == '\r' && position + 1 < text.Length && text[position + 1] == '\n' ? 2 : 1;
                line++;
                Close(fields, field);
                records.Add(new CsvRecord(start, [.. fields]));
                fields.Clear();
                start = line;
            }
            else
            {
                field.Append(text[position++]);
            }
        }

        if (field.Length > 0 || fields.Count > 0)
        {
            if (field.Length > 0 || text[^1] == '"')
            {
                Close(fields, field);
            }

            records.Add(new CsvRecord(start, [.. fields]));
        }

        return (records, null);
    }

    private static void Close(List<string> fields, StringBuilder field)
    {
        fields.Add(field.ToString());
        field.Clear();
    }

    // Spreadsheets of half of Europe write semicolons, and some a tab; the header has no text that could hold them.
    private static char FindSeparator(string text)
    {
        var header = text.AsSpan(0, text.IndexOf('\n') is var end and >= 0 ? end : text.Length);
        return header.Contains(',') ? ',' : header.Contains(';') ? ';' : header.Contains('\t') ? '\t' : ',';
    }
}
