using System.Globalization;
using System.Text;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>Tables of what was tried and what was lost, in artifacts/faults, for people and for CI's output.</summary>
internal static class FaultReport
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, (string[] Head, SortedDictionary<string, string[]> Rows)> Tables = [];

    /// <param name="table">The file's name.</param>
    /// <param name="head">Of the columns; the first is the row's name.</param>
    /// <param name="row">One row; one of the same name is replaced.</param>
    public static void Add(string table, string[] head, params string[] row)
    {
        // What the first try lost stays on record.
        table += Environment.GetEnvironmentVariable("TEST_ROUND") is "2" ? " (second try)" : "";
        lock (Gate)
        {
            if (!Tables.TryGetValue(table, out var known))
            {
                Tables[table] = known = (head, new SortedDictionary<string, string[]>(StringComparer.Ordinal));
            }

            known.Rows[row[0]] = row;
            var folder = Directory.CreateDirectory(Path.Combine(Town.Root(), "artifacts", "faults"));
            File.WriteAllText(Path.Combine(folder.FullName, table + ".md"), Markdown(table, known.Head, known.Rows.Values));
        }
    }

    private static bool IsCount(IReadOnlyCollection<string[]> rows, int column) =>
        rows.All(r => long.TryParse(r[column], NumberStyles.None, CultureInfo.InvariantCulture, out long _));

    private static string Markdown(string title, string[] head, IReadOnlyCollection<string[]> rows)
    {
        var text = new StringBuilder($"### {title}{(FaultScope.IsFull ? "" : " (a part of all)")}\n\n");
        Line(head);
        Line([.. head.Select((_, i) => i == 0 ? "---" : "---:")]);
        foreach (var row in rows)
        {
            Line(row);
        }

        // Columns of numbers have a total.
        if (rows.Count > 1)
        {
            Line([.. head.Select((_, i) => i == 0 ? "**all**" : IsCount(rows, i) ? $"**{rows.Sum(r => long.Parse(r[i], CultureInfo.InvariantCulture))}**" : "")]);
        }

        return text.Append('\n').ToString();

        void Line(string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }
}
