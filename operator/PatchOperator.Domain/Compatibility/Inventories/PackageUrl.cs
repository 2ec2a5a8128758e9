using System.Diagnostics.CodeAnalysis;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>A package URL, <c>pkg:composer/acme/module-fraud-check@2.3.1</c>, as bills of materials name packages.</summary>
internal sealed record PackageUrl(string Type, string? Namespace, string Name, string? Version)
{
    /// <summary>With its namespace: <c>acme/module-fraud-check</c>, <c>@shopify/hydrogen</c>.</summary>
    public string FullName => Namespace is null ? Name : $"{Namespace}/{Name}";

    public static bool TryParse(string? text, [NotNullWhen(true)] out PackageUrl? url)
    {
        url = null;
        if (text is null || !text.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // Qualifiers and the path inside the package say nothing of its name.
        var rest = text[4..].TrimStart('/');
        rest = rest.Split('#')[0].Split('?')[0];
        var slash = rest.IndexOf('/');
        if (slash <= 0)
        {
            return false;
        }

        var type = rest[..slash].ToLowerInvariant();
        rest = rest[(slash + 1)..].Trim('/');
        var at = rest.LastIndexOf('@');

        // "@shopify/hydrogen" without a version: the scope's sign is no version's.
        var version = at > rest.LastIndexOf('/') && at > 0 ? Uri.UnescapeDataString(rest[(at + 1)..]) : null;

        // Some tools escape the slash between vendor and name as well.
        var path = Uri.UnescapeDataString(version is null ? rest : rest[..at]);
        var last = path.LastIndexOf('/');
        var name = path[(last + 1)..];
        var ns = last < 0 ? null : path[..last];
        if (name.Length == 0)
        {
            return false;
        }

        url = new PackageUrl(type, string.IsNullOrEmpty(ns) ? null : ns, name, string.IsNullOrEmpty(version) ? null : version);
        return true;
    }

    /// <summary>Null for packages of other worlds, such as the image's operating system, and for packages without version.</summary>
    public InstalledPackage? ToPackage(string? type, bool isDev) => (Type, Version) switch
    {
        ("composer", { } version) when Namespace is not null => new InstalledPackage { Name = FullName.ToLowerInvariant(), Version = version, Type = type, IsDev = isDev },
        ("npm", { } version) => new InstalledPackage { Name = FullName, Version = version, Ecosystem = PackageEcosystem.Npm, IsDev = isDev },
        _ => null,
    };
}
