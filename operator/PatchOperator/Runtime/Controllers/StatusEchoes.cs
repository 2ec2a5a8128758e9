using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// The watch may bring our own status before the reconcile that wrote it has its answer. Whether such a change is ours is known only when the
/// reconcile is over, so it is held until then: otherwise every status would cause one reconcile more, and a failing one would skip its delay.
/// </summary>
internal sealed class StatusEchoes
{
    private readonly ConcurrentDictionary<ObjectKey, ulong> running = [];

    /// <summary>Before the reconcile reads the object.</summary>
    public void Begin(ObjectKey key) => running[key] = 0;

    /// <returns>True if a reconcile of this object runs, which will account for the change; false if nobody does.</returns>
    public bool Hold(ObjectKey key, string version)
    {
        var number = Number(version);
        while (running.TryGetValue(key, out var held))
        {
            if (running.TryUpdate(key, Math.Max(held, number), held))
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="key">The object.</param>
    /// <param name="known">The newest version the reconcile knows of; null if it failed, which repeats it anyway.</param>
    /// <returns>True if a change that was held is news.</returns>
    public bool End(ObjectKey key, string? known) => running.TryRemove(key, out var held) && known is not null && held > Number(known);

    private static ulong Number(string version) => ulong.TryParse(version, out var number) ? number : 0;
}
