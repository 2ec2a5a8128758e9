using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <inheritdoc cref="IEventPublisher"/>
internal sealed class EventPublisher(
    ClusterClient client, OperatorOptions options, RuntimeMetrics metrics, TimeProvider time, Func<double> random, ILogger<EventPublisher> logger) : IEventPublisher
{
    private const int LongestMessage = 1024;

    private static readonly ResourceType Events = new("", "v1", "events", "Event");

    // An event is news, not state: a reconcile does not wait longer than this for it.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    private readonly EventDeduplicator published = new(capacity: 1024, window: TimeSpan.FromMinutes(10));

    public async Task PublishAsync(
        EventSubject subject, EventType type, string reason, string message, CancellationToken cancellation, string? name = null)
    {
        if (message.Length > LongestMessage)
        {
            message = message[..(LongestMessage - 1)] + "…";
        }

        var identity = new EventIdentity(subject.Uid, type, reason, message);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await WriteAsync(subject, identity, name, either.Token);
        }
        catch (Exception exception)
        {
            published.Forget(identity);
            if (!cancellation.IsCancellationRequested)
            {
                metrics.EventLost();
                logger.LogWarning("Event {Reason} of {Object} could not be written: {Error}", reason, subject.Key, exception.Message);
            }
        }
    }

    private async Task WriteAsync(EventSubject subject, EventIdentity identity, string? fixedName, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        // Events of cluster-scoped objects live in the default namespace.
        var ns = subject.Key.Namespace.Length == 0 ? "default" : subject.Key.Namespace;
        if (fixedName is not null)
        {
            await CreateAsync(subject, identity, new PublishedEvent(fixedName, 1, now), ns, now, cancellation);
            return;
        }

        var occurred = published.Occurred(identity, NewName(subject, now), now);
        if (occurred.Count > 1)
        {
            try
            {
                var repetition = new JsonObject { ["count"] = occurred.Count, ["lastTimestamp"] = Text(now) };
                await client.MergePatchAsync(Events, new ObjectKey(ns, occurred.Name), repetition, cancellation);
                return;
            }
            catch (ClusterException exception) when (exception.Kind == ApiErrorKind.NotFound)
            {
                // The server drops events after an hour.
                published.Forget(identity);
                occurred = published.Occurred(identity, NewName(subject, now), now);
            }
        }

        await CreateAsync(subject, identity, occurred, ns, now, cancellation);
    }

    private async Task CreateAsync(
        EventSubject subject, EventIdentity identity, PublishedEvent occurred, string ns, DateTimeOffset now, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = occurred.Name, ["namespace"] = ns },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = subject.ApiVersion,
                ["kind"] = subject.Kind,
                ["namespace"] = subject.Key.Namespace.Length == 0 ? null : subject.Key.Namespace,
                ["name"] = subject.Key.Name,
                ["uid"] = subject.Uid,
                ["resourceVersion"] = subject.ResourceVersion,
            },
            ["type"] = identity.Type.ToString(),
            ["reason"] = identity.Reason,
            ["message"] = identity.Message,
            ["count"] = occurred.Count,
            ["firstTimestamp"] = Text(occurred.First),
            ["lastTimestamp"] = Text(now),
            ["source"] = new JsonObject { ["component"] = options.Name },
            ["reportingComponent"] = options.Name,
            ["reportingInstance"] = options.Identity.Length > 128 ? options.Identity[..128] : options.Identity,
        };
        try
        {
            await client.CreateAsync(Events, ns, body, cancellation);
        }
        catch (ClusterException exception) when (exception.Kind == ApiErrorKind.AlreadyExists)
        {
            // A deterministic name: published before, perhaps by the process we replaced.
        }
    }

    private string NewName(EventSubject subject, DateTimeOffset now)
    {
        var suffix = $".{now.Ticks:x}{(int)(random() * 0xffff):x4}";
        var name = subject.Key.Name.Length + suffix.Length > 253 ? subject.Key.Name[..(253 - suffix.Length)] : subject.Key.Name;
        return name + suffix;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
