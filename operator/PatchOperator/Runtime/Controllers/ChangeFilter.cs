using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// Which changes of an object are worth a reconcile: every one made by others, and of our own writes those that carry a change of the spec, the
/// annotations or the labels, a lost finalizer or a deletion, which somebody else made at the same time. Our own status is the one thing left out.
/// </summary>
internal static class ChangeFilter
{
    public static bool IsRelevant<T>(InformerEvent<T> change)
        where T : class, IResource =>
        change is not { Type: InformerEventType.Modified, IsOwnWrite: true, Previous: not null }
        || IntentDiffers(change.Previous.Metadata, change.Object.Metadata);

    /// <summary>The change could be the watch's news of a status that we are just writing.</summary>
    public static bool MayBeEcho<T>(InformerEvent<T> change)
        where T : class, IResource =>
        change is { Type: InformerEventType.Modified, Previous: not null } && !IntentDiffers(change.Previous.Metadata, change.Object.Metadata);

    private static bool IntentDiffers(ObjectMeta before, ObjectMeta now) =>
        before.Generation != now.Generation
        || before.IsTerminating != now.IsTerminating
        || Differ(before.Annotations, now.Annotations)
        || Differ(before.Labels, now.Labels)
        // One more is most likely the one the runtime has just attached; one less may be ours, torn off by somebody.
        || (before.Finalizers ?? []).Except(now.Finalizers ?? []).Any();

    private static bool Differ(IReadOnlyDictionary<string, string>? before, IReadOnlyDictionary<string, string>? now) =>
        (before?.Count ?? 0) != (now?.Count ?? 0)
        || (before is not null && now is not null && before.Any(pair => !now.TryGetValue(pair.Key, out var value) || value != pair.Value));
}
