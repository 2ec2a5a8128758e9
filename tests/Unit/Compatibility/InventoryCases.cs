using System.Text;
using PatchOperator.Domain.Compatibility.Inventories;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>Each file format as tools write it, and what is understood of it; also broken files, with the sentence that users get.</summary>
public sealed class InventoryCases
{
    public static TheoryData<string> All => CaseFolder.All("Inventory");

    [Theory]
    [MemberData(nameof(All))]
    public void It_is_understood_as_written_down(string name)
    {
        var file = Assert.Single(CaseFolder.Inputs("Inventory", name));
        var reading = InventoryReader.Read(File.ReadAllBytes(file));
        CaseFolder.Check("Inventory", name, reading.Problem is { } problem ? $"problem: {problem}" : InventoryText.Of(reading.Inventory!));
    }
}

internal static class InventoryText
{
    public static string Of(Inventory inventory)
    {
        var text = new StringBuilder();
        text.AppendLine($"from: {string.Join(", ", inventory.Sources.Select(InventoryFormats.NameOf))}");
        Append(text, "image", inventory.ImageDigest);
        foreach (var package in inventory.Packages)
        {
            text.AppendLine($"{package.Ecosystem} {package} ({package.Type ?? "type not told"}{(package.IsDev ? ", dev" : "")})");
            Append(text, "  also", string.Join(", ", package.Aliases));
            Append(text, "  modules", string.Join(", ", package.ModuleNames));
            Append(text, "  requires", Links(package.Links?.Requires));
            Append(text, "  conflicts", Links(package.Links?.Conflicts));
            Append(text, "  replaces", Links(package.Links?.Replaces));
            Append(text, "  provides", Links(package.Links?.Provides));
        }

        foreach (var module in inventory.Modules)
        {
            text.AppendLine($"module {module.Name} {(module.Enabled ? "enabled" : "disabled")}");
        }

        foreach (var patch in inventory.AppliedPatches)
        {
            text.AppendLine($"applied {patch.Id} to {patch.Package ?? "several packages or one not told"}, sha256 {patch.Sha256 ?? "not told"}, '{patch.Title}'");
        }

        foreach (var (name, version) in inventory.Platform.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            text.AppendLine($"platform {name} {version}");
        }

        foreach (var note in inventory.Notes)
        {
            text.AppendLine($"note: {note}");
        }

        return text.ToString();
    }

    private static string Links(IReadOnlyList<PackageLink>? links) => string.Join(", ", (links ?? []).Select(link => $"{link.Name} {link.Constraint}"));

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            text.AppendLine($"{name}: {value}");
        }
    }
}
