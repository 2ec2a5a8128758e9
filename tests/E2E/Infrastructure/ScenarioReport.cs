namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>How scenarios ended, in <c>scenarios.md</c> of the folder in E2E_LOGS. Those of the same name are played on the double, too.</summary>
internal static class ScenarioReport
{
    private static readonly Lock Gate = new();
    private static readonly SortedDictionary<string, string> Rows = new(StringComparer.Ordinal);

    public static void Add(string scenario, string end)
    {
        lock (Gate)
        {
            Rows[scenario] = end;
            if (Environment.GetEnvironmentVariable("E2E_LOGS") is { Length: > 0 } folder)
            {
                File.WriteAllLines(
                    Path.Combine(folder, "scenarios.md"),
                    ["### Scenarios on a real cluster", "", "| scenario | how it ended |", "| --- | --- |", .. Rows.Select(r => $"| {r.Key} | {r.Value} |"), ""]);
            }
        }
    }
}
