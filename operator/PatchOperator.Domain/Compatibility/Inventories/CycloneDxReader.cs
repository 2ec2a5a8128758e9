using System.Text.Json;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// CycloneDX as JSON. Packages are taken by their package URL, and without one by group and name where these make a Composer name;
/// Composer's own tool also tells their type. Requirements there have no constraints, so that conflicts cannot be foretold from them.
/// </summary>
internal static partial class CycloneDxReader
{
    private const string TypeProperty = "cdx:composer:package:type";
    private const string DevProperty = "cdx:composer:package:isDevRequirement";

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "a CycloneDX bill of materials";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.CycloneDx);
        string? digest = null;
        var others = 0;
        var isCycloneDx = false;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("bomFormat"u8))
            {
                isCycloneDx = input.Text("CycloneDX") == "CycloneDX" ? true : throw input.Wrong("CycloneDX");
            }
            else if (input.Is("specVersion"u8))
            {
                if (!input.Text("a version such as 1.6, as text").StartsWith("1.", StringComparison.Ordinal))
                {
                    throw input.Wrong("a version from 1.2 to 1.6");
                }
            }
            else if (input.Is("metadata"u8))
            {
                digest = ReadMetadata(ref input);
            }
            else if (input.Is("components"u8))
            {
                ReadComponents(ref input, inventory, ref others);
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        if (!isCycloneDx)
        {
            throw new InventoryFormatException(0, $"expected {expected}, found no 'bomFormat'");
        }

        if (others > 0)
        {
            inventory.Note($"left out, since they are neither Composer nor npm packages with a version: {others} of the components");
        }

        return inventory.Build() with { Images = digest is null ? [] : [digest] };
    }

    private static void ReadComponents(ref JsonInput input, InventoryBuilder inventory, ref int others)
    {
        if (!input.Array("a list of components"))
        {
            return;
        }

        while (input.NextItem())
        {
            ReadComponent(ref input, inventory, ref others);
        }
    }

    // The depth of components in components is bounded by the reader's.
    private static void ReadComponent(ref JsonInput input, InventoryBuilder inventory, ref int others)
    {
        string? purl = null, group = null, name = null, version = null, type = null, kind = null;
        var isDev = false;
        if (!input.Object("a component, which is an object"))
        {
            return;
        }

        while (input.NextMember())
        {
            if (input.Is("purl"u8))
            {
                purl = input.TextOrNull("a package URL, as text");
            }
            else if (input.Is("group"u8))
            {
                group = input.TextIfAny();
            }
            else if (input.Is("name"u8))
            {
                name = input.TextIfAny();
            }
            else if (input.Is("version"u8))
            {
                version = input.TextIfAny();
            }
            else if (input.Is("type"u8))
            {
                kind = input.TextIfAny();
            }
            else if (input.Is("properties"u8))
            {
                foreach (var (property, value) in ReadProperties(ref input))
                {
                    type = property == TypeProperty ? value : type;
                    isDev |= property == DevProperty && value == "true";
                }
            }
            else if (input.Is("components"u8))
            {
                ReadComponents(ref input, inventory, ref others);
            }
            else
            {
                input.Skip();
            }
        }

        if (kind is "file" or "operating-system")
        {
            return;
        }

        var url = PackageUrl.TryParse(purl, out var parsed) ? parsed : ByName(group, name);
        if ((url is null ? null : url with { Version = url.Version ?? version })?.ToPackage(type, isDev) is { } package)
        {
            inventory.Add(package);
        }
        else
        {
            others++;
        }
    }

    /// <summary>A module that nobody gave a package URL is there all the same.</summary>
    private static PackageUrl? ByName(string? group, string? name) =>
        ComposerName().Match(string.IsNullOrEmpty(group) ? name ?? "" : $"{group}/{name}") is { Success: true } match
            ? new PackageUrl("composer", match.Groups["vendor"].Value, match.Groups["name"].Value, null)
            : null;

    [GeneratedRegex(@"^(?<vendor>[a-z0-9]([_.-]?[a-z0-9])*)/(?<name>[a-z0-9](([_.]|-{1,2})?[a-z0-9])*)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex ComposerName();

    private static List<(string Name, string? Value)> ReadProperties(ref JsonInput input)
    {
        var properties = new List<(string, string?)>();
        for (var isArray = input.ArrayIfAny(); isArray && input.NextItem();)
        {
            if (!input.ObjectIfAny())
            {
                continue;
            }

            string? name = null, value = null;
            while (input.NextMember())
            {
                if (input.Is("name"u8))
                {
                    name = input.TextIfAny();
                }
                else if (input.Is("value"u8))
                {
                    value = input.TextIfAny();
                }
                else
                {
                    input.Skip();
                }
            }

            if (name is not null)
            {
                properties.Add((name, value));
            }
        }

        return properties;
    }

    /// <summary>Scanners of images write the digest as the version of the root component, or into its package URL.</summary>
    private static string? ReadMetadata(ref JsonInput input)
    {
        string? digest = null;
        for (var isObject = input.ObjectIfAny(); isObject && input.NextMember();)
        {
            if (!input.Is("component"u8) || input.Peek() != JsonTokenType.StartObject)
            {
                input.Skip();
                continue;
            }

            input.ObjectIfAny();
            while (input.NextMember())
            {
                if (input.Is("version"u8) || input.Is("purl"u8))
                {
                    digest = ImageDigests.Find(input.TextIfAny()) ?? digest;
                }
                else
                {
                    input.Skip();
                }
            }
        }

        return digest;
    }
}
