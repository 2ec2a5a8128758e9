namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>How scenarios ended, in <c>scenarios.md</c> of the folder in E2E_LOGS. Those of the same name are played on the double, too.</summary>
internal static class ScenarioReport
{
    private static readonly Lock Gate = new();
    private static readonly bool IsSecondTry = Environment.GetEnvironmentVariable("TEST_ROUND") is "2";
    private static readonly SortedDictionary<string, string> Rows = new(StringComparer.Ordinal);

    public static void Add(string scenario, string end)
    {
        lock (Gate)
        {
            if (Environment.GetEnvironmentVariable("E2E_LOGS") is { Length: > 0 } folder)
            {
                var table = Path.Combine(folder, "scenarios.md");
                if (IsSecondTry && Rows.Count == 0 && File.Exists(table))
                {
                    // Only what failed is tried again.
                    foreach (var cells in File.ReadLines(table).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).Select(line => line.Split(" | ")))
                    {
                        Rows[cells[0][2..]] = cells[1].TrimEnd(' ', '|');
                    }
                }

                Rows[scenario] = IsSecondTry ? $"{end} (second try)" : end;
                File.WriteAllLines(
                    table,
                    ["### Scenarios on a real cluster", "", "| scenario | how it ended |", "| --- | --- |", .. Rows.Select(r => $"| {r.Key} | {r.Value} |"), ""]);
            }
        }
    }
}
