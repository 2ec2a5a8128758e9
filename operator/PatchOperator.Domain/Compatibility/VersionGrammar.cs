using System.Diagnostics.CodeAnalysis;
using PatchOperator.Domain.Compatibility.Composer;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Npm;
using PatchOperator.Domain.Compatibility.Shopify;

namespace PatchOperator.Domain.Compatibility;

/// <summary>A set of versions in the grammar of one ecosystem.</summary>
internal interface IVersionSet
{
    string Text { get; }

    /// <summary>Null where the version itself is not valid in this grammar.</summary>
    bool? Contains(string version, VersionCache versions);
}

/// <summary>Which grammar versions have: each ecosystem has its own, and none reads another's.</summary>
internal static class VersionGrammar
{
    /// <summary>No real version or constraint comes near; files of strangers may have longer ones.</summary>
    public const int Longest = 4096;

    public static bool TryParse(PackageEcosystem ecosystem, string text, [NotNullWhen(true)] out IVersionSet? set, [NotNullWhen(false)] out string? error)
    {
        (set, error) = ecosystem switch
        {
            PackageEcosystem.Composer => ComposerConstraint.TryParse(text, out var constraint, out var problem) ? (new ComposerSet(constraint), null) : (null, problem),
            PackageEcosystem.Npm or PackageEcosystem.ShopifyApp => NpmRange.TryParse(text, out var range, out var problem) ? (new NpmSet(range), null) : ((IVersionSet?)null, problem),
            PackageEcosystem.ShopifyApi => ApiVersionRange.TryParse(text, out var quarters, out var problem) ? (new ApiSet(quarters), null) : (null, problem),
        };
        return set is not null;
    }

    /// <summary>The grammar of what a rule says of the module itself.</summary>
    public static PackageEcosystem OfModule(string? type) => type == ModuleTypes.ShopifyApp ? PackageEcosystem.Npm : PackageEcosystem.Composer;

    /// <summary>The grammar of what a rule says of another package.</summary>
    public static PackageEcosystem OfOther(string? type, string package) =>
        package.EndsWith("/api-version", StringComparison.Ordinal) || package.EndsWith(":api-version", StringComparison.Ordinal) ? PackageEcosystem.ShopifyApi : OfModule(type);

    private sealed class ComposerSet(ComposerConstraint constraint) : IVersionSet
    {
        public string Text => constraint.Text;

        public bool? Contains(string version, VersionCache versions) => versions.Composer(version) is { } parsed ? constraint.IsSatisfiedBy(parsed) : null;
    }

    private sealed class NpmSet(NpmRange range) : IVersionSet
    {
        public string Text => range.Text;

        public bool? Contains(string version, VersionCache versions) => NpmVersion.TryParse(Whole(version), out var parsed, out _) ? range.IsSatisfiedBy(parsed) : null;

        // Versions of extensions count up: 5 is 5.0.0.
        private static string Whole(string version) =>
            version.Length > 0 && version.All(letter => char.IsAsciiDigit(letter) || letter == '.') ? version.Count(letter => letter == '.') switch { 0 => version + ".0.0", 1 => version + ".0", _ => version } : version;
    }

    private sealed class ApiSet(ApiVersionRange range) : IVersionSet
    {
        public string Text => range.Text;

        public bool? Contains(string version, VersionCache versions) => ApiVersion.TryParse(version, out var parsed, out _) ? range.IsSatisfiedBy(parsed) : null;
    }
}

/// <summary>Sets that were parsed already: thousands of rules say the same few hundred constraints. For one reader at a time.</summary>
internal sealed class VersionSetPool
{
    private readonly Dictionary<(PackageEcosystem Ecosystem, string Text), (IVersionSet? Set, string? Error)> parsed = [];

    public bool TryParse(PackageEcosystem ecosystem, string text, [NotNullWhen(true)] out IVersionSet? set, [NotNullWhen(false)] out string? error)
    {
        if (!parsed.TryGetValue((ecosystem, text), out var known))
        {
            VersionGrammar.TryParse(ecosystem, text, out var fresh, out var fault);
            parsed[(ecosystem, text)] = known = (fresh, fault);
        }

        (set, error) = known;
        return set is not null;
    }
}

/// <summary>Of one evaluation, in which every rule asks for the same few versions.</summary>
internal sealed class VersionCache
{
    private readonly Dictionary<string, ComposerVersion?> composer = new(StringComparer.Ordinal);

    /// <summary>Null where Composer rejects it.</summary>
    public ComposerVersion? Composer(string text)
    {
        if (!composer.TryGetValue(text, out var version))
        {
            composer[text] = version = text.Length <= VersionGrammar.Longest && ComposerVersion.TryParse(text, out var fresh, out _) ? fresh : null;
        }

        return version;
    }
}

/// <summary>Values of <c>spec.module.type</c>.</summary>
public static class ModuleTypes
{
    public const string ComposerPackage = "ComposerPackage";
    public const string ShopifyApp = "ShopifyApp";
}
