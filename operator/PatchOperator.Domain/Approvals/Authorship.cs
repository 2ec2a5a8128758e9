using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Approvals;

/// <summary>Who asked for a patch: a sealed fact for its creation and one for each edit of its spec.</summary>
public static class Authorship
{
    /// <summary>More edits than this keep the creator and the newest authors.</summary>
    private const int Kept = 20;

    public static AuthorStatus Of(RecordedFact fact) => new() { By = fact.Actor, Uid = fact.ActorUid, At = fact.At, SpecDigest = fact.SpecDigest, Fact = FactSeal.Write(fact) };

    /// <summary>One more author, once for each person and spec.</summary>
    public static IReadOnlyList<AuthorStatus> With(IReadOnlyList<AuthorStatus>? authors, AuthorStatus author)
    {
        var known = authors ?? [];
        if (known.Any(a => a.SpecDigest == author.SpecDigest && Persons.AreOne(a.By, a.Uid, author.By, author.Uid)))
        {
            return known;
        }

        IReadOnlyList<AuthorStatus> all = [.. known, author];
        return all.Count <= Kept ? all : [all[0], .. all.TakeLast(Kept - 1)];
    }

    /// <summary>Those that can be proven, of the status and of the annotations that were not taken in yet.</summary>
    public static IReadOnlyList<AuthorStatus> Proven(EmergencyPatch patch, FactKeys keys)
    {
        IReadOnlyList<AuthorStatus> proven = [.. (patch.Status?.Authors ?? []).Where(a => FactCheck.Examine(a.Fact, patch.Metadata, keys) is (FactVerdict.Genuine, { } fact, _) && Of(fact) == a)];
        foreach (var (name, text) in patch.Metadata.Annotations ?? new Dictionary<string, string>())
        {
            if (Annotations.IsFact(name) && FactCheck.Examine(text, patch.Metadata, keys) is (FactVerdict.Genuine, { Command: FactKinds.Create or FactKinds.Edit, Denied: null } fact, _))
            {
                proven = With(proven, Of(fact));
            }
        }

        return proven;
    }
}
