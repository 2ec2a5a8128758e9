using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.Notifications;

/// <summary>The request that tells a receiver, in the protocol of its kind. Pure but for the time of the signature, which is given.</summary>
internal static class Formats
{
    private const int LongestSummary = 1024;

    // An alert that nobody renews ends by itself: an incident after a day, news after a quarter of an hour; from when it is sent, since Alertmanager
    // tells nobody of what has ended when it hears of it.
    private static readonly TimeSpan IncidentLasts = TimeSpan.FromHours(24);
    private static readonly TimeSpan NewsLasts = TimeSpan.FromMinutes(15);

    public static HttpRequestMessage Of(ReceiverKind kind, Message message, Access access, DateTimeOffset now) => kind switch
    {
        ReceiverKind.CloudEvents => CloudEvent(message, access, now),
        ReceiverKind.Slack => Post(access.Url, new JsonObject { ["text"] = $"{Icon(message)} *{Escape(message.Summary)}*\n{Escape(message.Notification.Message)}" }),
        ReceiverKind.PagerDuty => PagerDuty(message, access),
        ReceiverKind.Alertmanager => Alertmanager(message, access, now),
    };

    /// <summary>CloudEvents 1.0, structured mode, signed as in Standard Webhooks: HMAC-SHA256 over <c>id.timestamp.body</c>, so that neither can be changed or sent again later.</summary>
    private static HttpRequestMessage CloudEvent(Message message, Access access, DateTimeOffset now)
    {
        var notification = message.Notification;
        var body = new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = notification.Id,
            ["source"] = $"/apis/patchoperator.io/v1alpha1/namespaces/{message.Namespace}/emergencypatches/{message.Patch}",
            ["type"] = $"io.patchoperator.emergencypatch.{notification.Reason}",
            ["subject"] = message.Subject,
            ["time"] = Time(notification.At),
            ["datacontenttype"] = "application/json",
            ["data"] = Details(message),
        }.ToJsonString();
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, access.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");
        request.Headers.Add("webhook-id", notification.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", "v1," + Convert.ToBase64String(HMACSHA256.HashData(KeyBytes(access.Key!), Encoding.UTF8.GetBytes($"{notification.Id}.{timestamp}.{body}"))));
        return request;
    }

    /// <summary>A key as Standard Webhooks hands them out, <c>whsec_</c> and base64, or any other text as it is.</summary>
    private static byte[] KeyBytes(string key)
    {
        const string prefix = "whsec_";
        var buffer = new byte[key.Length];
        return key.StartsWith(prefix, StringComparison.Ordinal) && Convert.TryFromBase64String(key[prefix.Length..], buffer, out var length) ? buffer[..length] : Encoding.UTF8.GetBytes(key);
    }

    /// <summary>What people must act on is an incident; the rest is a change event, which pages nobody.</summary>
    private static HttpRequestMessage PagerDuty(Message message, Access access)
    {
        var notification = message.Notification;
        var payload = new JsonObject
        {
            ["summary"] = Short($"{message.Summary}. {notification.Message}"),
            ["source"] = message.Subject,
            ["timestamp"] = Time(notification.At),
            ["custom_details"] = Details(message),
        };
        if (notification.Incident is null && notification.Severity != "Critical")
        {
            return Post(Below(access.Url, "v2/change/enqueue"), new JsonObject { ["routing_key"] = access.Key, ["payload"] = payload });
        }

        payload["severity"] = notification.Severity.ToLowerInvariant();
        payload["component"] = message.Patch;
        payload["group"] = message.Namespace;
        payload["class"] = notification.Reason;
        return Post(Below(access.Url, "v2/enqueue"), new JsonObject
        {
            ["routing_key"] = access.Key,
            ["event_action"] = notification.Resolves is true ? "resolve" : "trigger",
            ["dedup_key"] = message.DedupKey,
            ["client"] = "patch-operator",
            ["payload"] = payload,
        });
    }

    /// <summary>Alertmanager knows an alert by its labels alone, so an incident has the same at its beginning and its end.</summary>
    private static HttpRequestMessage Alertmanager(Message message, Access access, DateTimeOffset now)
    {
        var notification = message.Notification;
        var isIncident = notification.Incident is not null;
        var labels = new JsonObject
        {
            ["alertname"] = isIncident ? $"EmergencyPatch{Capital(notification.Incident!)}" : $"EmergencyPatch{notification.Reason}",
            ["namespace"] = message.Namespace,
            ["emergencypatch"] = message.Patch,
            ["severity"] = isIncident ? "critical" : notification.Severity.ToLowerInvariant(),
        };
        if (!isIncident)
        {
            labels["notification"] = notification.Id;
        }

        var alert = new JsonObject
        {
            ["labels"] = labels,
            ["annotations"] = new JsonObject { ["summary"] = message.Summary, ["description"] = notification.Message },
            ["endsAt"] = Time(notification.Resolves is true ? notification.At : (notification.At > now ? notification.At : now) + (isIncident ? IncidentLasts : NewsLasts)),
        };
        if (notification.Resolves is not true)
        {
            alert["startsAt"] = Time(notification.At);
        }

        var request = Post(Below(access.Url, "api/v2/alerts"), new JsonArray(alert));
        if (access.Key is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private static JsonObject Details(Message message) => new()
    {
        ["namespace"] = message.Namespace,
        ["name"] = message.Patch,
        ["uid"] = message.Uid,
        ["advisory"] = message.Advisory,
        ["phase"] = message.Phase,
        ["reason"] = message.Notification.Reason,
        ["severity"] = message.Notification.Severity,
        ["message"] = message.Notification.Message,
        ["incident"] = message.Notification.Incident,
        ["resolves"] = message.Notification.Resolves ?? false,
    };

    private static HttpRequestMessage Post(Uri url, JsonNode body) => new(HttpMethod.Post, url) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    private static Uri Below(Uri url, string path) => new(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/" + path);

    /// <summary>The three characters that mean something to Slack: nobody's reason may mention a channel or forge a link.</summary>
    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static string Icon(Message message) => message.Notification switch
    {
        { Resolves: true } => ":white_check_mark:",
        { Severity: "Critical" } => ":rotating_light:",
        { Severity: "Warning" } => ":warning:",
        _ => ":information_source:",
    };

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Short(string text) => text.Length > LongestSummary ? text[..LongestSummary] : text;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
