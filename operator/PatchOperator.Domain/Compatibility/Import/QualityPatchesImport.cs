using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Compatibility.Import;

/// <summary>
/// <c>support-patches.json</c> of Adobe's Quality Patches: each patch has, by package and constraint, the file for those versions. Makes
/// one ModuleCompatibility a patch, whose rules concern only the EmergencyPatch with the patch's id as its advisory: Compatible where
/// Adobe has a file for the installed versions, Conditional where it also asks for something, Incompatible where it has none.
/// </summary>
public static class QualityPatchesImport
{
    private const int LongestConstraint = 256;
    private const int LongestReason = 1024;
    private const int MostRules = 100;

    /// <summary>In every Magento. A patch of several packages fits where any one does, and some of them are in some editions only.</summary>
    private const string Base = "magento/magento2-base";

    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="ns">Namespace of the objects; null leaves it to kubectl.</param>
    /// <param name="ids">Only these patches; all when empty.</param>
    public static ImportResult Read(ReadOnlySpan<byte> text, string? ns = null, IReadOnlyList<string>? ids = null)
    {
        var reading = QualityPatchesFile.Read(text);
        if (reading.Problem is { } fault)
        {
            return new ImportResult([], [fault]);
        }

        var wanted = reading.Patches.Where(patch => ids is not { Count: > 0 } || ids.Contains(patch.Id, StringComparer.OrdinalIgnoreCase)).ToList();
        var problems = (ids ?? []).Where(id => !wanted.Any(patch => string.Equals(patch.Id, id, StringComparison.OrdinalIgnoreCase)))
            .Select(id => new ImportProblem(1, null, $"the file has no patch {id}")).ToList();
        var modules = new List<ModuleCompatibility>();
        foreach (var patch in wanted)
        {
            var module = Build(patch, ns);
            problems.AddRange(ModuleCompatibilityValidator.Validate(module).Select(problem => new ImportProblem(patch.Line, patch.Id, $"{problem.Path}: {problem.Message}")));
            modules.Add(module);
        }

        return new ImportResult(problems.Count > 0 ? [] : [.. modules.OrderBy(module => module.Metadata.Name, StringComparer.Ordinal)], problems);
    }

    private static ModuleCompatibility Build(QualityPatch patch, string? ns)
    {
        var packages = patch.Files.Select(file => file.Package).Distinct(StringComparer.Ordinal).ToList();
        var module = packages.Count == 1 ? packages[0] : Base;
        var rules = patch.Files.OrderBy(file => file.Package == module ? 0 : 1).SelectMany(file => Rules(patch, file, module)).ToList();

        // One file for each line of versions is the rule; if there should ever be too many, no rule is better than half of them.
        var constraints = string.Join("; ", patch.Files.GroupBy(file => file.Package, StringComparer.Ordinal).Select(same => $"{same.Key} {string.Join(" || ", same.Select(file => file.Constraint))}"));
        rules.Add(new CompatibilityRule
        {
            Versions = "*",
            Patches = [patch.Id],
            Verdict = "Incompatible",
            Reason = Shorten($"{patch.Id} has no file for the installed versions; it is made for {constraints}"),
        });
        return new ModuleCompatibility
        {
            Metadata = new ObjectMeta { Name = ObjectNames.From("qpt-" + patch.Id), Namespace = ns },
            Spec = new ModuleCompatibilitySpec
            {
                Module = new ModuleReference { Name = module, Type = ModuleTypes.ComposerPackage },
                Surfaces = Surfaces(patch),
                Rules = rules.Count <= MostRules ? rules : [],
            },
        };
    }

    private static IEnumerable<CompatibilityRule> Rules(QualityPatch patch, QualityPatchFile file, string module)
    {
        var conditions = new List<string>();
        if (file.IsDeprecated)
        {
            conditions.Add("Adobe has deprecated it");
        }

        if (file.ReplacedWith is { } other)
        {
            conditions.Add($"Adobe has replaced it with {other}; apply that one instead");
        }

        if (file.Requires.Count > 0)
        {
            conditions.Add($"needs {string.Join(", ", file.Requires)} applied as well");
        }

        if (patch.Requirements is { } requirements)
        {
            conditions.Add(requirements);
        }

        return Parts(file.Constraint).Select(constraint => new CompatibilityRule
        {
            Versions = file.Package == module ? constraint : "*",
            With = file.Package == module ? null : new Dictionary<string, string> { [file.Package] = constraint },
            Patches = [patch.Id],
            Verdict = conditions.Count == 0 ? "Compatible" : "Conditional",
            Reason = Shorten(conditions.Count == 0 ? patch.Title ?? patch.Id : string.Join("; ", conditions)),
            Evidence = file.File is null ? null : $"Quality Patches Tool, {file.File}",
        });
    }

    /// <summary>What is longer than the API takes, alternative by alternative.</summary>
    private static IEnumerable<string> Parts(string constraint)
    {
        if (constraint.Length <= LongestConstraint)
        {
            return [constraint];
        }

        var parts = new List<string>();
        foreach (var alternative in constraint.Split("||", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (parts.Count > 0 && parts[^1].Length + 4 + alternative.Length <= LongestConstraint)
            {
                parts[^1] += " || " + alternative;
            }
            else
            {
                parts.Add(alternative);
            }
        }

        return parts;
    }

    private static List<string>? Surfaces(QualityPatch patch)
    {
        var surfaces = patch.Categories.Select(category => category switch
        {
            "Payments" => "Payment",
            "Order/Checkout" or "Shopping Cart" or "Price/Tax" or "Shipping" => "Checkout",
            "Customer" => "AccountDashboard",
            _ => null,
        }).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        return surfaces.Count == 0 ? null : surfaces;
    }

    private static string Shorten(string text) => text.Length <= LongestReason ? text : text[..(LongestReason - 1)] + "…";
}
