using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Cli.Compatibility;

/// <summary>SARIF 2.1.0, which code hosts show beside the lines of a change.</summary>
internal static class CheckSarif
{
    private static readonly (string Id, string Name, string Level, string Text, string Help)[] Rules =
    [
        ("EP001", "IncompatibleModule", "error", "A module does not stand the patch", "Follow the remedy, or ask the module's owner; a waiver takes the risk for a while."),
        ("EP002", "ConditionalModule", "warning", "A module stands the patch on a condition", "Read the reason and do what it asks."),
        ("EP003", "UnknownModule", "warning", "Nothing is known of a module and the patch", "Test it, and write a ModuleCompatibility with what you found."),
        ("EP004", "BrokenRequirement", "error", "The patch breaks a requirement of a package", "Bring the packages to versions that go together."),
        ("EP005", "UnnamedChange", "error", "The patched image changes what the patch does not name", "Name it in compatibility.targetVersions, or build the image from stable's lock."),
        ("EP006", "InventoryOfAnotherImage", "error", "The inventory is of another image than the patch brings", "Make the inventory of the patched image."),
    ];

    public static string Format(CheckReport report)
    {
        var lines = new LockLines(report.Locks);
        var results = new List<JsonNode>();
        foreach (var row in report.Matrix.Rows.Where(row => row.Verdict != ModuleVerdict.Compatible && !row.IsDisabled))
        {
            var rule = row.Verdict switch { ModuleVerdict.Incompatible => 0, ModuleVerdict.Conditional => 1, ModuleVerdict.Unknown or ModuleVerdict.Compatible => 2 };
            var remedy = row.Remedy?.UpgradeTo is { } version ? $" Upgrade to {version}." : "";
            var command = row.Remedy?.Disable is { } disable ? $" To switch it off: {disable}." : "";
            results.Add(Result(rule, row.Effect, $"{row.Module}{(row.Version is null ? "" : " " + row.Version)}: {row.Reason.TrimEnd('.')}.{remedy}{command}", lines.Of(row.Module), row.Module, row.Waiver, RuleLocation(report, row)));
        }

        foreach (var each in report.Matrix.Conflicts)
        {
            results.Add(Result(3, each.Effect, $"{each.Conflict.Message}. To solve it, {each.Conflict.Advice}.", lines.Of(each.Conflict.Package), $"{each.Conflict.Package} {each.Conflict.Kind} {each.Conflict.Other}", each.Waiver, null));
        }

        foreach (var each in report.Matrix.Changes)
        {
            var (rule, named) = each.Change.Kind == ChangeKind.OtherImage ? (5, each.Change.From!) : (4, each.Change.Name);
            results.Add(Result(rule, each.Effect, $"{each.Change.Message}.", lines.Of(named), $"{each.Change.Kind} {each.Change.Name}", each.Waiver, null));
        }

        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "kubectl-epatch",
                        ["version"] = typeof(CheckSarif).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0",
                        ["rules"] = new JsonArray([.. Rules.Select(Describe)]),
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["invocations"] = new JsonArray(new JsonObject
                {
                    ["executionSuccessful"] = true,
                    ["toolExecutionNotifications"] = new JsonArray([.. report.Notes.Select(note => new JsonObject { ["level"] = "note", ["message"] = Text(note) })]),
                }),
                ["results"] = new JsonArray([.. results]),
            }),
        }.ToJsonString(CheckJson.Options);
    }

    private static JsonNode Describe((string Id, string Name, string Level, string Text, string Help) rule) => new JsonObject
    {
        ["id"] = rule.Id,
        ["name"] = rule.Name,
        ["shortDescription"] = Text(rule.Text),
        ["help"] = Text(rule.Help),
        ["defaultConfiguration"] = new JsonObject { ["level"] = rule.Level },
    };

    private static JsonObject Result(int rule, FindingEffect effect, string message, JsonObject location, string fingerprint, Waiver? waiver, JsonObject? related)
    {
        var result = new JsonObject
        {
            ["ruleId"] = Rules[rule].Id,
            ["ruleIndex"] = rule,
            ["level"] = waiver is not null ? Rules[rule].Level : effect switch { FindingEffect.Blocks => "error", FindingEffect.Warns => "warning", FindingEffect.None => "note" },
            ["message"] = Text(message),
            ["locations"] = new JsonArray(location),

            // Not the line, which moves with every other package, and not the version, so that one finding stays one.
            ["partialFingerprints"] = new JsonObject { ["finding/v1"] = $"{Rules[rule].Id} {fingerprint}" },
        };
        if (related is not null)
        {
            result["relatedLocations"] = new JsonArray(related);
        }

        if (waiver is not null)
        {
            result["suppressions"] = new JsonArray(new JsonObject { ["kind"] = "external", ["justification"] = $"{waiver.By}: {waiver.Reason}" });
        }

        return result;
    }

    private static JsonObject? RuleLocation(CheckReport report, MatrixRow row)
    {
        var module = report.Modules.FirstOrDefault(module =>
            row.Source == (string.IsNullOrEmpty(module.Resource.Metadata.Namespace) ? module.Resource.Metadata.Name : $"{module.Resource.Metadata.Namespace}/{module.Resource.Metadata.Name}"));
        if (module is null || row.Rule is not { } rule)
        {
            return null;
        }

        var location = Location(module.File, module.Document.Lines.GetValueOrDefault($"spec.rules[{rule}]", 1));
        location["id"] = 1;
        location["message"] = Text("The rule");
        return location;
    }

    internal static JsonObject Location(string file, long line) => new()
    {
        ["physicalLocation"] = new JsonObject
        {
            ["artifactLocation"] = new JsonObject { ["uri"] = ToUri(file) },
            ["region"] = new JsonObject { ["startLine"] = line },
        },
    };

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static string ToUri(string file) => file == "-" ? "stdin"
        : Path.IsPathRooted(file) ? new Uri(file).AbsoluteUri
        : string.Join('/', file.Replace('\\', '/').Split('/').Where(part => part is not ".").Select(Uri.EscapeDataString));

    /// <summary>Where the files of the patched image name a package; the first line of the first file where none does.</summary>
    private sealed class LockLines(IReadOnlyList<string> files)
    {
        private readonly Dictionary<string, byte[]> texts = files.Where(file => file != "-").Distinct(StringComparer.Ordinal).ToDictionary(file => file, CheckFiles.ReadBytes, StringComparer.Ordinal);

        public JsonObject Of(string name)
        {
            foreach (var (file, text) in texts)
            {
                // As a member's value or key in JSON, or as a name in a list of modules.
                foreach (var pattern in new[] { $"\"{name}\"", $"/{name}@", name })
                {
                    var at = text.AsSpan().IndexOf(Encoding.UTF8.GetBytes(pattern));
                    if (at >= 0)
                    {
                        return Location(file, text.AsSpan(0, at).Count((byte)'\n') + 1);
                    }
                }
            }

            return Location(files[0], 1);
        }
    }
}
