namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>
/// Guesses by convention that <c>Acme_FraudCheck</c> is <c>acme/module-fraud-check</c>, where no namespace of the package tells.
/// </summary>
internal static class ModuleNaming
{
    private static readonly string[] Prefixes = ["", "module-", "magento2-", "magento2-module-", "magento-2-", "magento-", "m2-", "mage2-module-", "mage2-", "extension-"];
    private static readonly string[] Suffixes = ["", "-module", "-magento2", "-m2", "-magento", "-extension"];

    /// <summary>Equal for a module and a package that can fit.</summary>
    public static string VendorOf(string name)
    {
        var end = name.IndexOfAny(['_', '/']);
        return (end < 0 ? name : name[..end]).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
    }

    public static bool Fits(string module, string package)
    {
        var (line, slash) = (module.IndexOf('_'), package.IndexOf('/'));
        if (line <= 0 || slash <= 0 || !Same(module.AsSpan(0, line), package.AsSpan(0, slash)))
        {
            return false;
        }

        var rest = package[(slash + 1)..];
        var vendor = package[..slash] + "-";
        rest = rest.StartsWith(vendor, StringComparison.OrdinalIgnoreCase) && rest.Length > vendor.Length ? rest[vendor.Length..] : rest;
        var name = module.AsSpan(line + 1);
        foreach (var prefix in Prefixes)
        {
            foreach (var suffix in Suffixes)
            {
                if (rest.Length > prefix.Length + suffix.Length
                    && rest.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && rest.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                    && Same(name, rest.AsSpan(prefix.Length, rest.Length - prefix.Length - suffix.Length)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Equal but for case and the dashes that stand for a change of case.</summary>
    private static bool Same(ReadOnlySpan<char> camel, ReadOnlySpan<char> kebab)
    {
        var at = 0;
        foreach (var letter in kebab)
        {
            if (letter is '-' or '_' or '.')
            {
                at += at < camel.Length && camel[at] == '_' ? 1 : 0;
                continue;
            }

            if (at == camel.Length || char.ToLowerInvariant(camel[at]) != char.ToLowerInvariant(letter))
            {
                return false;
            }

            at++;
        }

        return at == camel.Length;
    }
}
