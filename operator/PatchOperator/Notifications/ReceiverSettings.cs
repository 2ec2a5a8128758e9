using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Notifications;

namespace PatchOperator.Notifications;

internal enum ReceiverKind
{
    /// <summary>CloudEvents 1.0 in structured mode, signed as Standard Webhooks says.</summary>
    CloudEvents,

    /// <summary>An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat, Teams through a bridge).</summary>
    Slack,

    /// <summary>Events API v2.</summary>
    PagerDuty,

    /// <summary>API v2.</summary>
    Alertmanager,
}

/// <summary>One value of a Secret in the operator's own namespace.</summary>
internal sealed record SecretValue(string Name, string Key);

/// <summary>One receiver as the administrator configured it; what is secret in it is named only.</summary>
internal sealed record Receiver
{
    public required string Name { get; init; }

    public required ReceiverKind Kind { get; init; }

    /// <summary>Plain, where it is no credential.</summary>
    public Uri? Url { get; init; }

    public SecretValue? UrlSecret { get; init; }

    /// <summary>The key of the signature, PagerDuty's routing key, or Alertmanager's bearer token.</summary>
    public SecretValue? KeySecret { get; init; }

    /// <summary>Certificates of the authorities that issued the server's own, in PEM; null for the system's.</summary>
    public SecretValue? CaSecret { get; init; }
}

/// <summary>Whom the operator can tell: <c>{"receivers": {"oncall": {"kind": "PagerDuty", "keySecret": {"name": …, "key": …}}}, "always": ["oncall"]}</c>.</summary>
internal sealed record ReceiverSettings
{
    private const string PagerDuty = "https://events.pagerduty.com";

    public IReadOnlyDictionary<string, Receiver> Receivers { get; init; } = new Dictionary<string, Receiver>();

    public IReadOnlyList<string> Always { get; init; } = [];

    /// <summary>Where the Secrets are.</summary>
    public string Namespace { get; init; } = "default";

    public NotificationPolicy Policy => new() { Receivers = [.. Receivers.Keys], Always = Always };

    /// <exception cref="FormatException">With a sentence on what to write.</exception>
    public static ReceiverSettings Parse(string? text, string ns)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new ReceiverSettings { Namespace = ns };
        }

        try
        {
            var root = JsonNode.Parse(text) as JsonObject ?? throw new FormatException("it is no JSON object");
            Known(root, "", "receivers", "always");
            var receivers = (root["receivers"] as JsonObject ?? []).ToDictionary(r => r.Key, r => Read(r.Key, r.Value as JsonObject ?? throw new FormatException($"receivers.{r.Key} is no object")), StringComparer.Ordinal);
            string[] always = [.. (root["always"] as JsonArray ?? []).Select(name => name?.GetValue<string>() ?? "")];
            var unknown = always.Where(name => !receivers.ContainsKey(name)).ToArray();
            return unknown.Length > 0
                ? throw new FormatException($"always names {string.Join(", ", unknown)}, which is no receiver; add it to receivers")
                : new ReceiverSettings { Receivers = receivers, Always = always, Namespace = ns };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The text may hold what should not have been in it; it is not repeated.
            throw new FormatException("it is not JSON of the expected shape");
        }
    }

    private static Receiver Read(string name, JsonObject given)
    {
        var path = $"receivers.{name}";
        Known(given, path, "kind", "url", "urlSecret", "keySecret", "caSecret");
        if (!Enum.TryParse<ReceiverKind>(given["kind"]?.GetValue<string>(), out var kind) || !Enum.IsDefined(kind))
        {
            throw new FormatException($"{path}.kind is '{given["kind"]}'; write {string.Join(", ", Enum.GetNames<ReceiverKind>())}");
        }

        var receiver = new Receiver
        {
            Name = name,
            Kind = kind,
            Url = Url(path, given["url"]?.GetValue<string>()) ?? (kind is ReceiverKind.PagerDuty ? new Uri(PagerDuty) : null),
            UrlSecret = Secret($"{path}.urlSecret", given["urlSecret"]),
            KeySecret = Secret($"{path}.keySecret", given["keySecret"]),
            CaSecret = Secret($"{path}.caSecret", given["caSecret"]),
        };
        return receiver switch
        {
            { Kind: ReceiverKind.Slack, UrlSecret: null } => throw new FormatException($"{path}.urlSecret is missing: the address of a Slack webhook is a credential and is read from a Secret"),
            { Kind: ReceiverKind.Slack, Url: not null } => throw new FormatException($"{path}.url must not be written: the address of a Slack webhook is a credential; write urlSecret"),
            { Kind: ReceiverKind.PagerDuty, KeySecret: null } => throw new FormatException($"{path}.keySecret is missing: it holds the routing key"),
            { Kind: ReceiverKind.CloudEvents, KeySecret: null } => throw new FormatException($"{path}.keySecret is missing: it holds the key of the signature"),
            { Url: null, UrlSecret: null } => throw new FormatException($"{path}.url is missing; write it, or urlSecret"),
            _ => receiver,
        };
    }

    private static Uri? Url(string path, string? text) =>
        string.IsNullOrEmpty(text) ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 ? url
        : throw new FormatException($"{path}.url is no http or https address without user and password");

    private static SecretValue? Secret(string path, JsonNode? node)
    {
        if (node is null)
        {
            return null;
        }

        Known(node as JsonObject ?? throw new FormatException($"{path} is no object with name and key"), path, "name", "key");
        return node["name"]?.GetValue<string>() is { Length: > 0 } name && node["key"]?.GetValue<string>() is { Length: > 0 } key
            ? new SecretValue(name, key)
            : throw new FormatException($"{path} needs name and key");
    }

    private static void Known(JsonObject given, string path, params string[] members)
    {
        if (given.Select(m => m.Key).FirstOrDefault(m => !members.Contains(m)) is { } unknown)
        {
            throw new FormatException($"{(path.Length > 0 ? path + "." : "")}{unknown} is not known; write {string.Join(", ", members)}");
        }
    }
}
