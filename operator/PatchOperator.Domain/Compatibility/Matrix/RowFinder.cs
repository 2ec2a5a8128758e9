using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>One row for each third-party module, and for each other package that a rule names.</summary>
internal sealed class RowFinder(RuleBook book, MatrixInputs inputs, PackageSet after, FindingGate gate, List<string> notes)
{
    private readonly VersionCache cache = new();
    private readonly Dictionary<string, bool> enabled = inputs.Patched.Modules.ToDictionary(module => module.Name, module => module.Enabled, StringComparer.Ordinal);

    private readonly ILookup<string, string> byVendor = inputs.Patched.Modules.ToLookup(module => ModuleNaming.VendorOf(module.Name), module => module.Name, StringComparer.Ordinal);

    public IReadOnlyList<MatrixRow> Find()
    {
        var thirdParty = new ThirdPartyModules(inputs.Patched);
        var rows = new List<MatrixRow>();
        foreach (var package in after.Packages)
        {
            var modules = ModulesOf(package.Package);
            var isThirdParty = thirdParty.Includes(package.Package, modules.Exists(enabled.ContainsKey));
            var rules = Rules(package.Package.Name, package.Package.Ecosystem);
            if (isThirdParty || rules.Count > 0)
            {
                rows.AddRange(Decide(package.Package.Name, package, rules, isThirdParty, modules));
            }
        }

        foreach (var module in ModulesWithoutPackage())
        {
            // Its package is not known, so rules can name it by convention only; without a version, only '*' and 'with' can match.
            var rules = book.NamesFor(module.Name).SelectMany(name => Rules(name, PackageEcosystem.Composer)).ToList();
            rows.AddRange(Decide(module.Name, null, rules, isThirdParty: true, [module.Name]));
        }

        return [.. rows.OrderByDescending(row => row.Effect).ThenByDescending(row => row.Verdict).ThenBy(row => row.Module, StringComparer.Ordinal).ThenBy(row => row.Version, StringComparer.Ordinal)];
    }

    /// <summary>Objects with at least one rule that concerns this patch.</summary>
    private List<CompiledModule> Rules(string module, PackageEcosystem ecosystem)
    {
        var objects = book.Of(module, ecosystem != PackageEcosystem.Composer).Where(each => each.Concerns(inputs.Advisories)).ToList();
        if (objects.Count > 1)
        {
            notes.Add($"{module} has rules in {objects.Count} ModuleCompatibility objects, read in this order: {InventoryBuilder.Some([.. objects.Select(each => each.Source)])}; write them into one");
        }

        return objects;
    }

    private IEnumerable<MatrixRow> Decide(string module, SetPackage? package, IReadOnlyList<CompiledModule> objects, bool isThirdParty, IReadOnlyList<string> magentoModules)
    {
        var version = package?.Package.Version;
        var isDisabled = magentoModules.Count > 0 && magentoModules.All(name => enabled.TryGetValue(name, out var isOn) && !isOn);
        var row = new MatrixRow { Module = module, Version = version, Verdict = ModuleVerdict.Unknown, Effect = FindingEffect.None, Reason = "", IsDisabled = isDisabled };
        foreach (var each in objects)
        {
            foreach (var rule in each.Rules.Where(rule => rule.Concerns(inputs.Advisories)))
            {
                if (rule.Problem is { } problem)
                {
                    return [Judged(row with { Source = each.Source, Rule = rule.Index, Owner = each.Spec.Owner, Surfaces = each.Spec.Surfaces ?? [], Reason = $"a rule of {each.Source} cannot be read: {problem}" }, FindingEffect.Blocks)];
                }

                if (Matches(rule, package))
                {
                    NoteRemedyThatChangesNothing(each, rule, package);
                    return [Judged(Filled(row, each, rule), EffectOf(rule.Verdict))];
                }
            }
        }

        return isThirdParty ? [Judged(Unknown(row, module, objects), gate.OfUnknown)] : [];
    }

    private static MatrixRow Filled(MatrixRow row, CompiledModule each, CompiledRule rule) => row with
    {
        Verdict = rule.Verdict,
        Reason = rule.Rule.Reason is { Length: > 0 } reason ? reason : $"{each.Source} says so of versions {rule.Rule.Versions}",
        Remedy = rule.Rule.Remedy,
        Owner = each.Spec.Owner,
        Surfaces = each.Spec.Surfaces ?? [],
        Evidence = rule.Rule.Evidence,
        Source = each.Source,
        Rule = rule.Index,
    };

    private MatrixRow Unknown(MatrixRow row, string module, IReadOnlyList<CompiledModule> objects)
    {
        if (objects.Count == 0)
        {
            return row with
            {
                Reason = book.Of(module, isShopify: false).Concat(book.Of(module, isShopify: true)).FirstOrDefault() is { } other
                ? $"the rules of {other.Source} are for other patches"
                : "no ModuleCompatibility names it"
            };
        }

        var first = objects[0];
        var invalid = row.Version is { } version && objects.SelectMany(each => each.Rules).FirstOrDefault(rule => rule.Versions is not null)?.Versions!.Contains(version, cache) is null;
        return row with
        {
            Source = first.Source,
            Owner = first.Spec.Owner,
            Surfaces = first.Spec.Surfaces ?? [],
            Reason = row.Version is null ? $"its version is not known, so no rule of {first.Source} can match"
                : invalid ? $"its version '{row.Version}' cannot be read, so no rule of {first.Source} can match"
                : $"no rule of {string.Join(", ", objects.Select(each => each.Source))} matches version {row.Version} beside the packages of this image",
        };
    }

    private MatrixRow Judged(MatrixRow row, FindingEffect wouldBe)
    {
        // What does not run breaks nothing, whatever is known of it.
        var (effect, waiver) = gate.Judge(row.Module, row.IsDisabled ? FindingEffect.None : wouldBe);
        return row with { Effect = effect, Waiver = waiver };
    }

    private bool Matches(CompiledRule rule, SetPackage? package)
    {
        // Any version is also one that is not known or cannot be read.
        if (rule.Rule.Versions?.Trim() != "*" && (package is null || !IsIn(rule.Versions!, package)))
        {
            return false;
        }

        foreach (var (name, versions) in rule.With)
        {
            var key = name.ToLowerInvariant();
            if (!after.Named(key).Concat(key == name ? [] : after.Named(name)).Any(other => IsIn(versions, other)) && !PlatformMatches(key, versions))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary><c>^2.3</c> takes in 2.4.0, so that a remedy of <c>^2.4</c> would lead to the same rule.</summary>
    private void NoteRemedyThatChangesNothing(CompiledModule each, CompiledRule rule, SetPackage? package)
    {
        if (rule.Verdict != ModuleVerdict.Compatible && package is not null && rule.Rule.Remedy?.UpgradeTo is { } remedy
            && VersionGrammar.TryParse(VersionGrammar.OfModule(each.Spec.Module?.Type), remedy, out var set, out _) && IsIn(set, package))
        {
            notes.Add($"{package.Package} is in {remedy} already, to which its remedy upgrades: spec.rules[{rule.Index}].versions of {each.Source}, {rule.Rule.Versions}, takes that in; write a narrower constraint, such as ~2.3.0 for 2.3 only");
        }
    }

    private bool PlatformMatches(string name, IVersionSet versions) => after.Platform.TryGetValue(name, out var known) && versions.Contains(known, cache) is true;

    private bool IsIn(IVersionSet versions, SetPackage package)
    {
        if (versions.Contains(package.Package.Version, cache) is true)
        {
            return true;
        }

        foreach (var alias in package.Package.Aliases)
        {
            if (versions.Contains(alias, cache) is true)
            {
                return true;
            }
        }

        return false;
    }

    private static FindingEffect EffectOf(ModuleVerdict verdict) => verdict switch
    {
        ModuleVerdict.Compatible => FindingEffect.None,
        ModuleVerdict.Conditional or ModuleVerdict.Unknown => FindingEffect.Warns,
        ModuleVerdict.Incompatible => FindingEffect.Blocks,
    };

    private List<string> ModulesOf(InstalledPackage package) =>
        package.ModuleNames.Count > 0 ? [.. package.ModuleNames]
        : package is { Ecosystem: PackageEcosystem.Composer, Type: null or "magento2-module" or "magento2-component" }
            ? [.. byVendor[ModuleNaming.VendorOf(package.Name)].Where(name => ModuleNaming.Fits(name, package.Name))] : [];

    private IEnumerable<MagentoModule> ModulesWithoutPackage()
    {
        if (enabled.Count == 0)
        {
            return [];
        }

        var brought = after.Packages.SelectMany(package => ModulesOf(package.Package)).ToHashSet(StringComparer.Ordinal);
        return inputs.Patched.Modules.Where(module => ThirdPartyModules.Includes(module) && !brought.Contains(module.Name));
    }
}
