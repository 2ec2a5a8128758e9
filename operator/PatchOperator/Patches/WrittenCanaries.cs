using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>What the API server made of the canaries' pod templates that this process wrote, so that an edit right after a write is not taken for its result.</summary>
internal sealed class WrittenCanaries
{
    private readonly BoundedMemory<(string? Source, string Digest)> known = new();

    /// <summary>Null where it is not known: then what is there is taken for ours.</summary>
    public string? Of(DeploymentResource canary) => known.TryGet(canary.Metadata.Uid, out var written) && written.Source == SourceOf(canary) ? written.Digest : null;

    /// <summary>Before a write: its answer may be lost.</summary>
    public void Forget(string uid) => known.Forget(uid);

    public void Set(DeploymentResource answered) => known.Set(answered.Metadata.Uid, (SourceOf(answered), answered.Spec.Template.DigestWithout([])));

    private static string? SourceOf(DeploymentResource canary) => canary.Metadata.Annotations?.GetValueOrDefault(Annotations.CanarySource);
}
