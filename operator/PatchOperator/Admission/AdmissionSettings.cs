using System.Net;

namespace PatchOperator.Admission;

/// <summary>How the API server reaches the webhooks, and under which names things are kept.</summary>
internal sealed record AdmissionSettings
{
    /// <summary>Off: commands stay unverified, and nothing is served.</summary>
    public bool Enabled { get; init; }

    public string Listen { get; init; } = "https://0.0.0.0:9443";

    /// <summary>Names and addresses by which the API server calls; the certificate is made for these.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = ["localhost"];

    /// <summary>Name of the Secret with authority, certificate and the keys that facts are sealed with.</summary>
    public string Secret { get; init; } = "patch-operator-admission";

    /// <summary>Null takes the namespace the process runs in.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name of the MutatingWebhookConfiguration and of the ValidatingWebhookConfiguration.</summary>
    public string Webhooks { get; init; } = "patch-operator";

    /// <summary>The user name that the operator itself has at the API server.</summary>
    public string Operator { get; init; } = "";

    /// <summary>A mounted folder with tls.crt and tls.key that somebody else, such as cert-manager, renews; null where the operator makes its own.</summary>
    public string? Certificates { get; init; }

    /// <exception cref="SettingsException">A value makes no sense, or one is missing.</exception>
    public static AdmissionSettings From(Func<string, string?> text)
    {
        var defaults = new AdmissionSettings();
        var enabled = text("ADMISSION") switch
        {
            null => false,
            var given => bool.TryParse(given, out var on) ? on : throw Settings.Wrong("ADMISSION", given, "true or false"),
        };
        if (!enabled)
        {
            return defaults;
        }

        var listen = text("ADMISSION_LISTEN") ?? defaults.Listen;
        if (!Uri.TryCreate(listen, UriKind.Absolute, out var address) || address.Scheme != "https")
        {
            throw Settings.Wrong("ADMISSION_LISTEN", listen, "an address such as https://0.0.0.0:9443; the API server calls webhooks over TLS only");
        }

        var hosts = (text("ADMISSION_HOSTS") ?? "localhost").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (hosts.FirstOrDefault(host => Uri.CheckHostName(host) is UriHostNameType.Unknown && !IPAddress.TryParse(host, out _)) is { } wrong)
        {
            throw Settings.Wrong("ADMISSION_HOSTS", wrong, "names and addresses with commas between them, such as patch-operator.ops.svc");
        }

        return defaults with
        {
            Enabled = true,
            Listen = listen,
            Hosts = hosts,
            Secret = text("ADMISSION_SECRET") ?? defaults.Secret,
            Namespace = text("ADMISSION_NAMESPACE"),
            Webhooks = text("ADMISSION_WEBHOOKS") ?? defaults.Webhooks,
            Operator = text("ADMISSION_OPERATOR")
                ?? throw Settings.Wrong("ADMISSION_OPERATOR", "", "the operator's own user name, such as system:serviceaccount:ops:patch-operator, since only it may write what is protected"),
            Certificates = text("ADMISSION_CERTIFICATES"),
        };
    }
}
