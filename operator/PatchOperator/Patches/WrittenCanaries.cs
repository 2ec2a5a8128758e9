using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches.Resources;

namespace PatchOperator.Patches;

/// <summary>What the API server made of the canaries' pod templates that this process wrote, so that an edit right after a write is not taken for its result.</summary>
internal sealed class WrittenCanaries
{
    /// <summary>So many are remembered; then they are forgotten, and what is there is taken for ours.</summary>
    private const int MostKnown = 1024;

    private readonly ConcurrentDictionary<string, (string? Source, string Digest)> known = new(StringComparer.Ordinal);

    /// <summary>Null where it is not known.</summary>
    public string? Of(DeploymentResource canary) => known.TryGetValue(canary.Metadata.Uid, out var written) && written.Source == SourceOf(canary) ? written.Digest : null;

    /// <summary>Before a write: its answer may be lost.</summary>
    public void Forget(string uid) => known.TryRemove(uid, out _);

    public void Set(DeploymentResource answered)
    {
        if (known.Count >= MostKnown)
        {
            known.Clear();
        }

        known[answered.Metadata.Uid] = (SourceOf(answered), answered.Spec.Template.DigestWithout([]));
    }

    private static string? SourceOf(DeploymentResource canary) => canary.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource);
}
