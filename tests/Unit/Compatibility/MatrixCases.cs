using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>
/// Whole situations: <c>objects.yaml</c> has the patch and what is known of modules, <c>patched*</c> and <c>stable*</c> are inventories of
/// the two images, and <c>waivers.json</c> says who takes which risk.
/// </summary>
public sealed class MatrixCases
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> All => CaseFolder.All("Matrix");

    [Theory]
    [MemberData(nameof(All))]
    public void It_is_decided_as_written_down(string name)
    {
        var (book, inputs) = Load(name);
        CaseFolder.Check("Matrix", name, MatrixText.Of(CompatibilityEvaluator.Evaluate(book, inputs, Now)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_order_of_objects_packages_and_waivers_changes_nothing(string name)
    {
        var (_, inputs) = Load(name);
        var objects = Objects(name);
        var expected = MatrixText.Of(CompatibilityEvaluator.Evaluate(RuleBook.From(objects), inputs, Now));
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var shuffled = inputs with
            {
                Patched = Shuffled(inputs.Patched, random),
                Stable = inputs.Stable is null ? null : Shuffled(inputs.Stable, random),
                TargetVersions = Shuffled(inputs.TargetVersions, random).ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal),
                Advisories = Shuffled(inputs.Advisories, random),
                Waivers = Shuffled(inputs.Waivers, random),
            };
            Assert.Equal(expected, MatrixText.Of(CompatibilityEvaluator.Evaluate(RuleBook.From(Shuffled(objects, random)), shuffled, Now)));
        }
    }

    private static (RuleBook Book, MatrixInputs Inputs) Load(string name)
    {
        var patch = Resources(name).Single(resource => resource["kind"]!.ToString() == Names.EmergencyPatchKind).Deserialize(DomainJson.Default.EmergencyPatch)!;
        var waivers = CaseFolder.Inputs("Matrix", name).Where(file => file.EndsWith("waivers.json", StringComparison.Ordinal))
            .SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!.AsArray())
            .Select(waiver => new Waiver
            {
                Module = waiver!["module"]!.ToString(),
                By = waiver["by"]!.ToString(),
                Reason = waiver["reason"]!.ToString(),
                ExpiresAt = waiver["expiresAt"] is { } end ? DateTimeOffset.Parse(end.ToString()) : null,
            });
        return (RuleBook.From(Objects(name)), MatrixInputs.From(patch, Inventory(name, "patched")!, Inventory(name, "stable"), [.. waivers]));
    }

    private static IReadOnlyList<ModuleCompatibility> Objects(string name) =>
        [.. Resources(name).Where(resource => resource["kind"]!.ToString() == Names.ModuleCompatibilityKind).Select(resource => resource.Deserialize(DomainJson.Default.ModuleCompatibility)!)];

    private static IReadOnlyList<JsonObject> Resources(string name) => CrdSchemas.ReadFile(Path.Combine(CaseFolder.Root("Matrix"), name, "objects.yaml"));

    private static Inventory? Inventory(string name, string prefix)
    {
        Inventory? inventory = null;
        foreach (var file in CaseFolder.Inputs("Matrix", name).Where(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal)))
        {
            var reading = InventoryReader.Read(File.ReadAllBytes(file));
            Assert.Null(reading.Problem);
            inventory = inventory is null ? reading.Inventory! : inventory.With(reading.Inventory!);
        }

        return inventory;
    }

    private static Inventory Shuffled(Inventory inventory, Random random) => inventory with
    {
        Packages = Shuffled(inventory.Packages, random),
        Modules = Shuffled(inventory.Modules, random),
        AppliedPatches = Shuffled(inventory.AppliedPatches, random),
    };

    private static IReadOnlyList<T> Shuffled<T>(IEnumerable<T> items, Random random)
    {
        var copy = items.ToArray();
        random.Shuffle(copy);
        return copy;
    }
}

internal static class MatrixText
{
    public static string Of(CompatibilityMatrix matrix)
    {
        var text = new StringBuilder();
        text.AppendLine($"{matrix.Outcome}: {matrix.Summary}");
        text.AppendLine(matrix.Counts.ToString());
        foreach (var row in matrix.Rows)
        {
            text.AppendLine($"{row.Module} {row.Version ?? "-"}: {row.Verdict}, {row.Effect}{(row.IsDisabled ? ", disabled" : "")}");
            text.AppendLine($"  {row.Reason}");
            Append(text, "rule", row.Source is null ? null : row.Rule is null ? row.Source : $"{row.Source} {row.Rule}");
            Append(text, "upgrade to", row.Remedy?.UpgradeTo);
            Append(text, "disable by", row.Remedy?.Disable);
            Append(text, "owner", row.Owner is null ? null : $"{row.Owner.Team} {row.Owner.Contact}");
            Append(text, "surfaces", row.Surfaces.Count == 0 ? null : string.Join(", ", row.Surfaces));
            Append(text, "evidence", row.Evidence);
            Append(text, "waived", Words(row.Waiver));
        }

        foreach (var (conflict, effect, owner, waiver) in matrix.Conflicts)
        {
            text.AppendLine($"conflict, {effect}: {conflict.Message}");
            text.AppendLine($"  {conflict.Advice}");
            Append(text, "owner", owner?.Team);
            Append(text, "waived", Words(waiver));
        }

        foreach (var conflict in matrix.EarlierConflicts)
        {
            text.AppendLine($"earlier conflict: {conflict.Message}");
        }

        foreach (var (change, effect, waiver) in matrix.Changes)
        {
            text.AppendLine($"change, {effect}: {change.Message}");
            Append(text, "waived", Words(waiver));
        }

        foreach (var problem in matrix.Problems)
        {
            text.AppendLine($"problem: {problem}");
        }

        foreach (var note in matrix.Notes)
        {
            text.AppendLine($"note: {note}");
        }

        return text.ToString();
    }

    private static string? Words(Waiver? waiver) => waiver is null ? null : $"by {waiver.By} until {waiver.ExpiresAt?.ToString("u") ?? "ever"}: {waiver.Reason}";

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.AppendLine($"  {name}: {value}");
        }
    }
}
