using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

public enum EventType
{
    Normal,
    Warning,
}

/// <summary>The object an event is about.</summary>
public sealed record EventSubject(string ApiVersion, string Kind, ObjectKey Key, string Uid, string ResourceVersion)
{
    public static EventSubject Of<T>(ResourceType<T> type, T entity)
        where T : class, IResource =>
        new(type.ApiVersion, type.Kind, ObjectKey.Of(entity), entity.Metadata.Uid, entity.Metadata.ResourceVersion);
}

/// <summary>Writes core/v1 Events, as <c>kubectl describe</c> shows them.</summary>
public interface IEventPublisher
{
    /// <summary>
    /// Never fails and takes at most a few seconds: an event that cannot be written is logged and counted. A repetition (same object, type, reason
    /// and message) raises the count of the first event instead of creating another.
    /// </summary>
    /// <param name="subject">What the event is about.</param>
    /// <param name="type">Warning for what a human should look at.</param>
    /// <param name="reason">UpperCamelCase, specific to the transition.</param>
    /// <param name="message">What happened, why, and what to do next. Cut at 1,024 characters.</param>
    /// <param name="cancellation">Gives up quietly.</param>
    /// <param name="name">
    /// A deterministic name makes the event idempotent over restarts of the process: if it exists already, nothing happens.
    /// </param>
    Task PublishAsync(EventSubject subject, EventType type, string reason, string message, CancellationToken cancellation, string? name = null);
}
