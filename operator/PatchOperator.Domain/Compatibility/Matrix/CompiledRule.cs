using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>One rule with its constraints parsed; parsed once, asked for every patch.</summary>
internal sealed record CompiledRule
{
    public required int Index { get; init; }

    public required CompatibilityRule Rule { get; init; }

    public IVersionSet? Versions { get; init; }

    public IReadOnlyList<(string Package, IVersionSet Versions)> With { get; init; } = [];

    public ModuleVerdict Verdict { get; init; }

    /// <summary>Why this rule cannot be read; it then matches nothing and passes nothing.</summary>
    public SpecProblem? Problem { get; init; }

    /// <summary>In hundreds of objects of one module, made of as many patches, this is what is asked most.</summary>
    public bool Concerns(IReadOnlyList<string> advisories)
    {
        if (Rule.Patches is not { Count: > 0 } patches)
        {
            return true;
        }

        for (var patch = 0; patch < patches.Count; patch++)
        {
            for (var advisory = 0; advisory < advisories.Count; advisory++)
            {
                if (string.Equals(patches[patch], advisories[advisory], StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>One ModuleCompatibility, compiled.</summary>
internal sealed record CompiledModule
{
    /// <summary><c>namespace/name</c>, or the name where it has no namespace.</summary>
    public required string Source { get; init; }

    public required string Module { get; init; }

    public required ModuleCompatibilitySpec Spec { get; init; }

    public required IReadOnlyList<CompiledRule> Rules { get; init; }

    public required IReadOnlyList<RuleProblem> Problems { get; init; }

    public bool Concerns(IReadOnlyList<string> advisories)
    {
        for (var index = 0; index < Rules.Count; index++)
        {
            if (Rules[index].Concerns(advisories))
            {
                return true;
            }
        }

        return false;
    }

    public bool IsShopify => Spec.Module?.Type == ModuleTypes.ShopifyApp;

    public static string SourceOf(ModuleCompatibility resource) =>
        string.IsNullOrEmpty(resource.Metadata?.Namespace) ? resource.Metadata?.Name ?? "" : $"{resource.Metadata.Namespace}/{resource.Metadata.Name}";

    public static CompiledModule From(ModuleCompatibility resource, VersionSetPool pool)
    {
        var source = SourceOf(resource);
        var spec = resource.Spec ?? new ModuleCompatibilitySpec();
        var module = spec.Module?.Name ?? "";
        var problems = ModuleCompatibilityValidator.Validate(resource, pool);
        return new CompiledModule
        {
            Source = source,
            Module = module,
            Spec = spec,
            Rules = [.. spec.Rules.Numbered().Select(each => Compile(each.Item, each.Index, spec.Module?.Type, problems, pool))],
            Problems = [.. problems.Select(problem => new RuleProblem(source, module.Length == 0 ? null : module, problem.Path, problem.Message))],
        };
    }

    private static CompiledRule Compile(CompatibilityRule rule, int index, string? type, IReadOnlyList<SpecProblem> problems, VersionSetPool pool)
    {
        var compiled = new CompiledRule { Index = index, Rule = rule };

        // A rule whose constraint is too long has a problem with it and is not compiled.
        // Only what decides: a reason that is too long makes no rule unreadable.
        if (problems.FirstOrDefault(problem => IsDecisive(problem.Path, index)) is { } problem)
        {
            return compiled with { Problem = problem };
        }

        pool.TryParse(VersionGrammar.OfModule(type), rule.Versions!, out var versions, out _);
        return compiled with
        {
            Versions = versions,
            With = [.. (rule.With ?? new Dictionary<string, string>()).OrderBy(each => each.Key, StringComparer.Ordinal).Select(each =>
                (each.Key, pool.TryParse(VersionGrammar.OfOther(type, each.Key), each.Value, out var set, out _) ? set : throw new InvalidOperationException(each.Value)))],
            Verdict = rule.Verdict switch { "Compatible" => ModuleVerdict.Compatible, "Conditional" => ModuleVerdict.Conditional, _ => ModuleVerdict.Incompatible },
        };
    }

    private static bool IsDecisive(string path, int index)
    {
        var rule = $"spec.rules[{index}]";
        return path == rule || path == $"{rule}.versions" || path == $"{rule}.verdict" || path.StartsWith($"{rule}.with", StringComparison.Ordinal) || path.StartsWith($"{rule}.patches", StringComparison.Ordinal);
    }
}
