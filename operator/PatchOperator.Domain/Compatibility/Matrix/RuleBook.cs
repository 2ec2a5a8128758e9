using System.Collections.Immutable;
using System.Text.Json;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>
/// All ModuleCompatibility objects of a namespace, by module, with constraints parsed once. A book never changes; adding or taking away
/// an object gives a new one that shares the rest, and says which modules the change is about.
/// </summary>
public sealed class RuleBook
{
    public static readonly RuleBook Empty = new(
        ImmutableDictionary.Create<string, CompiledModule>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, ImmutableSortedDictionary<string, CompiledModule>>(StringComparer.OrdinalIgnoreCase));

    private readonly ImmutableDictionary<string, CompiledModule> bySource;
    private readonly ImmutableDictionary<string, ImmutableSortedDictionary<string, CompiledModule>> byModule;

    // Asked for with every matrix; two threads that compute it at once compute the same.
    private IReadOnlyList<RuleProblem>? problems;

    private RuleBook(ImmutableDictionary<string, CompiledModule> bySource, ImmutableDictionary<string, ImmutableSortedDictionary<string, CompiledModule>> byModule) =>
        (this.bySource, this.byModule) = (bySource, byModule);

    public int Count => bySource.Count;

    /// <summary>Everything in any object that cannot be read, by object.</summary>
    public IReadOnlyList<RuleProblem> Problems => problems ??= [.. bySource.Values.SelectMany(module => module.Problems).OrderBy(problem => problem.Source, StringComparer.Ordinal)];

    public static RuleBook From(IEnumerable<ModuleCompatibility> resources)
    {
        var book = Empty;
        var pool = new VersionSetPool();
        foreach (var resource in resources)
        {
            book = book.Update(resource, pool).Book;
        }

        return book;
    }

    /// <summary>Adds the object, or takes it in place of the one with its name.</summary>
    public RuleBookChange Update(ModuleCompatibility resource) => Update(resource, new VersionSetPool());

    private RuleBookChange Update(ModuleCompatibility resource, VersionSetPool pool)
    {
        var source = CompiledModule.SourceOf(resource);
        if (bySource.TryGetValue(source, out var known) && Text(known.Spec) == Text(resource.Spec ?? new ModuleCompatibilitySpec()))
        {
            return new RuleBookChange(this, []);
        }

        var fresh = CompiledModule.From(resource, pool);
        var removed = Remove(source);
        return new RuleBookChange(removed.Book.Add(fresh), [.. removed.Modules.Append(fresh.Module).Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    /// <param name="source"><c>namespace/name</c>, or the name of an object without namespace.</param>
    public RuleBookChange Remove(string source)
    {
        if (!bySource.TryGetValue(source, out var known))
        {
            return new RuleBookChange(this, []);
        }

        var rest = byModule[known.Module].Remove(source);
        var modules = rest.IsEmpty ? byModule.Remove(known.Module) : byModule.SetItem(known.Module, rest);
        return new RuleBookChange(new RuleBook(bySource.Remove(source), modules), known.Module.Length == 0 ? [] : [known.Module]);
    }

    /// <summary>In the order in which their rules are read: by the objects' names.</summary>
    internal IEnumerable<CompiledModule> Of(string module, bool isShopify) =>
        byModule.TryGetValue(module, out var objects) ? objects.Values.Where(each => each.IsShopify == isShopify) : [];

    /// <summary>Modules that a package name of this Magento module could mean.</summary>
    internal IEnumerable<string> NamesFor(string magentoModule) => byModule.Keys.Where(package => ModuleNaming.Fits(magentoModule, package)).Order(StringComparer.Ordinal);

    private RuleBook Add(CompiledModule module)
    {
        var objects = byModule.GetValueOrDefault(module.Module) ?? ImmutableSortedDictionary.Create<string, CompiledModule>(StringComparer.Ordinal);
        return new RuleBook(bySource.Add(module.Source, module), byModule.SetItem(module.Module, objects.SetItem(module.Source, module)));
    }

    private static string Text(ModuleCompatibilitySpec spec) => JsonSerializer.Serialize(spec, DomainJson.Default.ModuleCompatibilitySpec);
}

/// <param name="Book">The book after the change.</param>
/// <param name="Modules">Modules whose rules are not what they were; empty where only metadata or status changed.</param>
public sealed record RuleBookChange(RuleBook Book, IReadOnlyList<string> Modules);
