using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility;

namespace PatchOperator.Domain.Validation;

/// <summary>
/// Says everything that is wrong with a ModuleCompatibility, in the order of its fields. Repeats what the CRD's schema and CEL rules say,
/// and adds what they cannot: whether the constraints can be read.
/// </summary>
public static class ModuleCompatibilityValidator
{
    private const int MostRules = 100;
    private const int MostOthers = 50;
    private const int LongestConstraint = 256;
    private const int LongestAdvisory = 128;
    private const int LongestText = 1024;
    private const int LongestEvidence = 2048;
    private static readonly string[] Surfaces = ["Checkout", "Payment", "AccountDashboard", "Onboarding"];

    public static IReadOnlyList<SpecProblem> Validate(ModuleCompatibility resource) => Validate(resource, new VersionSetPool());

    internal static IReadOnlyList<SpecProblem> Validate(ModuleCompatibility resource, VersionSetPool pool)
    {
        var problems = new ProblemList();
        var spec = resource.Spec ?? new ModuleCompatibilitySpec();
        problems.Name("metadata.name", resource.Metadata?.Name, Shapes.LongestLabel);
        CheckModule(spec.Module, problems);
        CheckText("spec.owner.team", spec.Owner?.Team, Shapes.LongestName, problems);
        CheckText("spec.owner.contact", spec.Owner?.Contact, Shapes.LongestName, problems);
        foreach (var (index, surface) in spec.Surfaces.Numbered())
        {
            problems.OneOf($"spec.surfaces[{index}]", surface, Surfaces);
        }

        problems.Unique("spec.surfaces", spec.Surfaces, surface => surface);
        if (spec.Rules is not { Count: > 0 })
        {
            problems.Invalid("spec.rules", "is empty; write at least one rule with versions and verdict");
        }

        problems.AtMost("spec.rules", spec.Rules, MostRules);
        foreach (var (index, rule) in spec.Rules.Numbered())
        {
            CheckRule($"spec.rules[{index}]", rule, spec.Module?.Type, pool, problems);
        }

        return problems.ToList();
    }

    private static void CheckModule(ModuleReference? module, ProblemList problems)
    {
        const string path = "spec.module.name";
        problems.OneOf("spec.module.type", module?.Type, ModuleTypes.ComposerPackage, ModuleTypes.ShopifyApp);
        if (!problems.Required(path, module?.Name, "write the module as the inventory names it, such as acme/module-fraud-check"))
        {
            return;
        }

        problems.Length(path, module!.Name!, Shapes.LongestName);
        if (module.Type is null or ModuleTypes.ComposerPackage ? !Shapes.ComposerName().IsMatch(module.Name!) : module.Name!.Any(char.IsWhiteSpace))
        {
            problems.Invalid(path, module.Type is null or ModuleTypes.ComposerPackage
                ? $"'{module.Name}' cannot be a Composer package; write vendor/package in lower case, as composer.lock names it"
                : $"'{module.Name}' has blanks; write the app as the inventory names it");
        }
    }

    private static void CheckRule(string path, CompatibilityRule rule, string? type, VersionSetPool pool, ProblemList problems)
    {
        CheckConstraint($"{path}.versions", rule.Versions, VersionGrammar.OfModule(type), "write a constraint on the module's version, such as ^2.3, or * for any", pool, problems);
        problems.AtMost($"{path}.with", rule.With, MostOthers);
        foreach (var (package, constraint) in rule.With ?? new Dictionary<string, string>())
        {
            CheckConstraint($"{path}.with[{package}]", constraint, VersionGrammar.OfOther(type, package), "write a constraint on its version, such as >=2.4.7-p6", pool, problems);
        }

        problems.AtMost($"{path}.patches", rule.Patches, MostOthers);
        foreach (var (index, patch) in rule.Patches.Numbered())
        {
            if (problems.Required($"{path}.patches[{index}]", patch, "write the id of an advisory, such as APSB25-88, or a CVE"))
            {
                problems.Length($"{path}.patches[{index}]", patch, LongestAdvisory);
            }
        }

        problems.Unique($"{path}.patches", rule.Patches, patch => patch);
        if (problems.Required($"{path}.verdict", rule.Verdict, "write Compatible, Conditional or Incompatible"))
        {
            problems.OneOf($"{path}.verdict", rule.Verdict, "Compatible", "Conditional", "Incompatible");
        }

        if (rule.Verdict is "Conditional" or "Incompatible" && rule.Reason is null)
        {
            problems.Invalid($"{path}.reason", "is missing; say why: a rule that is not Compatible needs a reason");
        }

        if (rule.Reason is { } reason)
        {
            problems.Length($"{path}.reason", reason, LongestText);
        }

        if (rule.Remedy?.UpgradeTo is { } upgrade)
        {
            CheckConstraint($"{path}.remedy.upgradeTo", upgrade, VersionGrammar.OfModule(type), "write a constraint that has the problem solved, such as ^2.4", pool, problems);
        }

        CheckText($"{path}.remedy.disable", rule.Remedy?.Disable, LongestText, problems);
        if (rule.Evidence is { } evidence)
        {
            problems.Length($"{path}.evidence", evidence, LongestEvidence);
        }
    }

    private static void CheckConstraint(string path, string? text, Compatibility.Inventories.PackageEcosystem ecosystem, string instead, VersionSetPool pool, ProblemList problems)
    {
        if (!problems.Required(path, text, instead))
        {
            return;
        }

        problems.Length(path, text!, LongestConstraint);
        if (text!.Length <= LongestConstraint && !pool.TryParse(ecosystem, text, out _, out var error))
        {
            problems.Invalid(path, error.TrimEnd('.'));
        }
    }

    private static void CheckText(string path, string? text, int longest, ProblemList problems)
    {
        if (text is not null && problems.Required(path, text, "write some text or leave it out"))
        {
            problems.Length(path, text, longest);
        }
    }
}
