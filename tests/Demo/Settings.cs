namespace PatchOperator.Demo;

/// <summary>An error that a sentence to the user explains; no stack trace helps.</summary>
internal sealed class DemoException(string message) : Exception(message);

/// <summary>What the user asked for, by arguments and environment.</summary>
internal sealed record Settings
{
    public const string Usage = """
        usage: make demo [KUBECONFIG=FILE] [ARGS='--keep --plain']
          --keep    leaves everything running at the end, for kubectl, until Ctrl+C
          --plain   lines instead of a live screen (the default where there is no terminal)
        On a real cluster (KUBECONFIG): DEMO_STABLE_IMAGE, DEMO_HEALTHY_IMAGE and DEMO_BAD_IMAGE name storefront images by digest;
        DEMO_SHOP_URL is where the shop answers, if its ClusterIP cannot be reached from here.
        """;

    public bool Keep { get; init; }

    public bool Plain { get; init; }

    /// <summary>Null runs everything on this machine.</summary>
    public string? Kubeconfig { get; init; }

    public ShopImages? Images { get; init; }

    public Uri? ShopUrl { get; init; }

    public static Settings From(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        if (arguments.FirstOrDefault(argument => argument is not ("--keep" or "--plain")) is { } unknown)
        {
            throw new DemoException($"Unknown argument '{unknown}'.\n{Usage}");
        }

        var settings = new Settings { Keep = arguments.Contains("--keep"), Plain = arguments.Contains("--plain") };
        if (Text("KUBECONFIG") is not { } kubeconfig)
        {
            return settings;
        }

        // The variable may list several files; the operator and the demo must not choose differently.
        kubeconfig = kubeconfig.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)[0];
        if (!File.Exists(kubeconfig))
        {
            throw new DemoException($"KUBECONFIG names {kubeconfig}, which is not there.");
        }

        return settings with
        {
            Kubeconfig = Path.GetFullPath(kubeconfig),
            Images = new ShopImages(Image("DEMO_STABLE_IMAGE"), Image("DEMO_HEALTHY_IMAGE"), Image("DEMO_BAD_IMAGE")),
            ShopUrl = Text("DEMO_SHOP_URL") is not { } url ? null
                : Uri.TryCreate(url, UriKind.Absolute, out var shop) && shop.Scheme is "http" or "https" ? shop
                : throw new DemoException($"DEMO_SHOP_URL is '{url}'; expected an address such as http://shop.example:8080."),
        };

        string? Text(string name) => environment(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        string Image(string name) => Text(name) switch
        {
            null => throw new DemoException($"{name} is not set. A real cluster pulls its own images: set DEMO_STABLE_IMAGE, DEMO_HEALTHY_IMAGE and DEMO_BAD_IMAGE "
                + "to three storefront images by digest (registry/name@sha256:…), the bad one with STOREFRONT_FAIL=/checkout=20%:500."),
            var image when !image.Contains("@sha256:", StringComparison.Ordinal) => throw new DemoException($"{name} is '{image}'; name it by digest, registry/name@sha256:…"),
            var image => image,
        };
    }
}

/// <summary>Three images of the shop, by digest.</summary>
internal sealed record ShopImages(string Stable, string Healthy, string Bad);
