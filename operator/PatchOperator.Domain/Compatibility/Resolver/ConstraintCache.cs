using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Domain.Compatibility.Resolver;

/// <summary>Six hundred packages say the same few hundred constraints over and over.</summary>
internal sealed class ConstraintCache
{
    /// <summary>Stands for the version of the package that says it.</summary>
    public const string SelfVersion = "self.version";

    private readonly Dictionary<string, ComposerConstraint?> parsed = new(StringComparer.Ordinal);

    /// <summary>What could not be read.</summary>
    public IEnumerable<string> Invalid => parsed.Where(each => each.Value is null).Select(each => each.Key);

    /// <summary>Null where Composer rejects it.</summary>
    public ComposerConstraint? Get(string text, string selfVersion)
    {
        if (text == SelfVersion)
        {
            text = "=" + selfVersion;
        }

        if (!parsed.TryGetValue(text, out var constraint))
        {
            parsed[text] = constraint = text.Length <= VersionGrammar.Longest && ComposerConstraint.TryParse(text, out var fresh, out _) ? fresh : null;
        }

        return constraint;
    }
}
