using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Rollout;

/// <summary>
/// When two image references name the same image. A digest is of the content: with the same one, neither the registry (a mirror, as a webhook may put in
/// its place) nor the tag beside it (<c>repo:2.4.8-p3@sha256:…</c>, as image updaters write it) makes another image. Without digests every letter counts.
/// </summary>
public static class ImageReference
{
    public static bool IsSame(string? one, string? other) =>
        string.Equals(one, other, StringComparison.Ordinal) || (ImageDigests.Find(one) is { } digest && digest == ImageDigests.Find(other));
}
