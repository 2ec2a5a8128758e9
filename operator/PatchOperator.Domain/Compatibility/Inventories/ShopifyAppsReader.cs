using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// The apps and extensions of a Shopify store, which no tool writes down, so the format is ours:
/// <c>{"api_version": "2026-07", "apps": [{"name": "loyalty", "version": "3.2.0"}], "extensions": [{"name": "upsell", "version": "5", "app": "loyalty"}]}</c>.
/// </summary>
internal static partial class ShopifyAppsReader
{
    /// <summary>How rules name the version of the API that the store's own code is pinned to.</summary>
    public const string ApiVersionName = "shopify/api-version";

    public static Inventory Read(ReadOnlySpan<byte> text)
    {
        const string expected = "a list of Shopify apps, which is an object with 'api_version', 'apps' and 'extensions'";
        var input = new JsonInput(text);
        var inventory = new InventoryBuilder(InventoryFormat.ShopifyApps);
        string? digest = null;
        var isKnown = false;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("api_version"u8))
            {
                isKnown = true;
                inventory.Add(ApiVersion(ApiVersionName, ReadApiVersion(ref input)));
            }
            else if (input.Is("apps"u8) || input.Is("extensions"u8))
            {
                isKnown = true;
                var isApp = input.Is("apps"u8);
                for (var isArray = input.Array(isApp ? "a list of apps" : "a list of extensions"); isArray && input.NextItem();)
                {
                    ReadItem(ref input, inventory, isApp);
                }
            }
            else if (input.Is("image_digest"u8))
            {
                digest = ImageDigests.Find(input.Text("sha256:… of the image"));
            }
            else
            {
                input.Skip();
            }
        }

        input.End();
        return isKnown ? inventory.Build() with { Images = digest is null ? [] : [digest] } : throw new InventoryFormatException(0, $"expected {expected}");
    }

    private static InstalledPackage ApiVersion(string name, string version) => new() { Name = name, Version = version, Ecosystem = PackageEcosystem.ShopifyApi };

    private static string ReadApiVersion(ref JsonInput input)
    {
        var version = input.Text("an API version such as 2026-07, as text");
        return Quarter().IsMatch(version) ? version : throw input.Wrong("an API version such as 2026-07 (or unstable)");
    }

    private static void ReadItem(ref JsonInput input, InventoryBuilder inventory, bool isApp)
    {
        var what = isApp ? "an app" : "an extension";
        input.Peek();
        var start = input.Offset;
        if (!input.Object($"{what}, which is an object with name and version"))
        {
            throw input.Wrong($"{what}, which is an object with name and version");
        }

        string? name = null, version = null, api = null, type = null, app = null;
        while (input.NextMember())
        {
            if (input.Is("name"u8))
            {
                name = input.Text("a name, as text");
            }
            else if (input.Is("version"u8))
            {
                version = input.Text("a version, as text in quotes");
            }
            else if (input.Is("api_version"u8))
            {
                api = ReadApiVersion(ref input);
            }
            else if (input.Is("type"u8))
            {
                type = input.TextIfAny();
            }
            else if (input.Is("app"u8))
            {
                app = input.TextIfAny();
            }
            else
            {
                input.Skip();
            }
        }

        if (string.IsNullOrWhiteSpace(name) || string.IsNullOrWhiteSpace(version))
        {
            throw new InventoryFormatException(start, string.IsNullOrWhiteSpace(name) ? $"expected {what} with a name, found none" : $"expected a version of {name}, found none");
        }

        var fullName = app is null ? name : $"{app}/{name}";
        inventory.Add(new InstalledPackage { Name = fullName, Version = version, Ecosystem = PackageEcosystem.ShopifyApp, Type = type ?? (isApp ? "app" : "extension") });
        if (api is not null)
        {
            inventory.Add(ApiVersion($"{fullName}:api-version", api));
        }
    }

    [GeneratedRegex(@"^(20[0-9]{2}-(01|04|07|10)|unstable)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Quarter();
}
