using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Cli.Compatibility;

/// <summary>A matrix for programs. Members may be added; none will change its meaning.</summary>
internal static class CheckJson
{
    internal static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Format(CheckReport report)
    {
        var matrix = report.Matrix;
        return new JsonObject
        {
            ["outcome"] = matrix.Outcome.ToString(),
            ["summary"] = matrix.Summary,
            ["mode"] = report.Inputs.Mode.ToString(),
            ["onUnknown"] = report.Inputs.OnUnknown.ToString(),
            ["counts"] = Counts(matrix.Counts),
            ["modules"] = List(matrix.Rows, Row),
            ["conflicts"] = List(matrix.Conflicts, each => With(Conflict(each.Conflict), each.Effect, each.Waiver, each.Owner)),
            ["earlierConflicts"] = List(matrix.EarlierConflicts, Conflict),
            ["changes"] = List(matrix.Changes, each => With(Change(each.Change), each.Effect, each.Waiver, null)),
            ["notes"] = List(report.Notes, note => JsonValue.Create(note)),
        }.ToJsonString(Options);
    }

    private static JsonObject Counts(MatrixCounts counts) => new()
    {
        ["compatible"] = counts.Compatible,
        ["conditional"] = counts.Conditional,
        ["incompatible"] = counts.Incompatible,
        ["unknown"] = counts.Unknown,
        ["disabled"] = counts.Disabled,
        ["waived"] = counts.Waived,
        ["conflicts"] = counts.Conflicts,
        ["changes"] = counts.Changes,
        ["blocking"] = counts.Blocking,
        ["warning"] = counts.Warning,
    };

    private static JsonObject Row(MatrixRow row)
    {
        var json = new JsonObject { ["module"] = row.Module, ["version"] = row.Version, ["verdict"] = row.Verdict.ToString(), ["reason"] = row.Reason };
        if (row.Remedy is { } remedy)
        {
            json["remedy"] = Without(new JsonObject { ["upgradeTo"] = remedy.UpgradeTo, ["disable"] = remedy.Disable });
        }

        json["surfaces"] = row.Surfaces.Count == 0 ? null : List(row.Surfaces, surface => JsonValue.Create(surface));
        json["evidence"] = row.Evidence;
        json["source"] = row.Source;
        json["rule"] = row.Rule;
        json["disabled"] = row.IsDisabled ? true : null;
        return With(json, row.Effect, row.Waiver, row.Owner);
    }

    private static JsonObject Conflict(DependencyConflict conflict) => new()
    {
        ["kind"] = conflict.Kind.ToString(),
        ["package"] = conflict.Package,
        ["version"] = conflict.Version,
        ["other"] = conflict.Other,
        ["constraint"] = conflict.Constraint,
        ["message"] = conflict.Message,
        ["advice"] = conflict.Advice,
    };

    private static JsonObject Change(InventoryChange change) =>
        Without(new JsonObject { ["kind"] = change.Kind.ToString(), ["name"] = change.Name, ["from"] = change.From, ["to"] = change.To, ["message"] = change.Message });

    private static JsonObject With(JsonObject json, FindingEffect effect, Waiver? waiver, ModuleOwner? owner)
    {
        json["effect"] = effect.ToString();
        if (owner is not null)
        {
            json["owner"] = Without(new JsonObject { ["team"] = owner.Team, ["contact"] = owner.Contact });
        }

        if (waiver is not null)
        {
            json["waiver"] = Without(new JsonObject { ["by"] = waiver.By, ["reason"] = waiver.Reason, ["expiresAt"] = waiver.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ") });
        }

        return Without(json);
    }

    private static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> of) => new([.. items.Select(of)]);

    private static JsonObject Without(JsonObject json)
    {
        foreach (var name in json.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            json.Remove(name);
        }

        return json;
    }
}
