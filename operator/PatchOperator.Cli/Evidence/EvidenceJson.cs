using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api;

namespace PatchOperator.Cli.Evidence;

/// <summary>The report for programs.</summary>
internal static class EvidenceJson
{
    public static string Write(EvidenceReport report)
    {
        var json = new JsonObject
        {
            ["title"] = report.Title,
            ["subject"] = report.Subject,
            ["sections"] = new JsonArray([.. report.Sections.Select(section => new JsonObject { ["id"] = section.Id, ["title"] = section.Title, ["items"] = new JsonArray([.. section.Blocks.Select(Block)]) })]),
        };
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static JsonNode Block(EvidenceBlock block) => block switch
    {
        TextBlock text => new JsonObject { ["text"] = text.Text, ["tone"] = text.Tone.ToString() },
        FactsBlock facts => new JsonObject { ["caption"] = facts.Caption, ["facts"] = new JsonArray([.. facts.Facts.Select(f => new JsonObject { ["name"] = f.Name, ["value"] = f.Value, ["tone"] = f.Tone.ToString() })]) },
        TableBlock table => new JsonObject
        {
            ["caption"] = table.Caption,
            ["rows"] = new JsonArray([.. table.Rows.Select(row => new JsonObject(table.Columns.Zip(row, (name, value) => KeyValuePair.Create(name, (JsonNode?)value))))]),
        },
        PlotBlock plot => new JsonObject
        {
            ["metric"] = plot.Metric,
            ["verdict"] = plot.Verdict,
            ["startedAt"] = UtcTimeJsonConverter.Format(plot.StartedAt),
            ["seconds"] = plot.Seconds,
            ["canary"] = Series(plot.Canary),
            ["stable"] = Series(plot.Stable),
            ["decidedAt"] = plot.DecidedAt is { } at ? UtcTimeJsonConverter.Format(at) : null,
            ["decision"] = plot.Decision,
        },
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No one knows how to write {block.GetType().Name}")),
    };

    private static JsonArray Series(IReadOnlyList<SeriesPoint?> points) =>
        new([.. points.Select(p => p is { } known ? new JsonObject { ["failures"] = known.Failures, ["total"] = known.Total } : (JsonNode?)null)]);
}
