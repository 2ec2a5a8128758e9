using System.Collections.Concurrent;

namespace PatchOperator.Runtime;

/// <summary>What was learnt of objects, by uid or name, and is no loss when it is forgotten: after so many all of it is, so that objects that are gone need no word.</summary>
internal sealed class BoundedMemory<T>
{
    private const int Most = 1024;

    private readonly ConcurrentDictionary<string, T> known = new(StringComparer.Ordinal);

    public bool TryGet(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value) => known.TryGetValue(key, out value);

    public void Set(string key, T value)
    {
        if (known.Count >= Most)
        {
            known.Clear();
        }

        known[key] = value;
    }

    public void Forget(string key) => known.TryRemove(key, out _);
}
