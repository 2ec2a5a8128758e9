using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Approvals;

public enum FactVerdict
{
    /// <summary>The webhook wrote it, about this very patch.</summary>
    Genuine,

    /// <summary>No key for it is known here. One that was made a moment ago will be.</summary>
    Unknown,

    Forged,
}

/// <summary>Whether a fact may be believed of a patch.</summary>
public static class FactCheck
{
    /// <summary>A creation is recorded before the patch has a uid; it must belong to this creation and not to an earlier one of the same name.</summary>
    private static readonly TimeSpan CreationSkew = TimeSpan.FromMinutes(5);

    /// <param name="text">The annotation's value, or what a status has kept of it.</param>
    /// <param name="metadata">The patch.</param>
    /// <param name="keys">All keys that are known.</param>
    public static (FactVerdict Verdict, RecordedFact? Fact, string Why) Examine(string text, ObjectMeta metadata, FactKeys keys)
    {
        if (FactSeal.Read(text) is not { } fact)
        {
            return (FactVerdict.Forged, null, "it is not in the form in which the operator writes facts");
        }

        if (keys.Find(fact.Key) is not { } key)
        {
            return (FactVerdict.Unknown, fact, $"it was sealed with key {fact.Key}, which is not known here");
        }

        var why = !FactSeal.Holds(fact, key) ? "its seal does not hold: it was made or changed by someone else"
            : fact.Namespace != metadata.Namespace || fact.Name != metadata.Name ? $"it is of patch {fact.Namespace}/{fact.Name}"
            : fact.PatchUid is { } uid && uid != metadata.Uid ? "it is of an earlier patch of this name"
            : fact.PatchUid is null && fact.Command is not FactKinds.Create ? "it does not say which patch it is of"
            : fact.PatchUid is null && (metadata.CreationTimestamp - fact.At)?.Duration() > CreationSkew ? "it is of an earlier creation of this name"
            : null;
        return why is null ? (FactVerdict.Genuine, fact, "") : (FactVerdict.Forged, fact, why);
    }
}
