using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Approvals;

/// <summary>Takes in what the webhook recorded: believes what it can prove, keeps authors and refused attempts on record, and hands commands on.</summary>
internal static class FactDesk
{
    /// <summary>A key that was made a moment ago may not have been read here yet. Longer than every replica needs, and short enough for a forgery to be seen.</summary>
    private static readonly TimeSpan KeyPatience = TimeSpan.FromMinutes(10);

    /// <summary>More than anyone has under way at once, and few enough for a status.</summary>
    private const int Remembered = 64;

    public static void Receive(Draft draft)
    {
        if (!draft.Policy.Validation.Authenticates)
        {
            return;
        }

        var commands = new List<RecordedFact>();
        var refused = new List<string>();
        foreach (var (name, text) in draft.Observed.Facts.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var id = name[Annotations.FactPrefix.Length..];
            if (IsHandled(draft, id))
            {
                continue;
            }

            var (verdict, fact, why) = FactCheck.Examine(text, draft.Patch.Metadata, draft.Observed.Keys);
            why = verdict is not FactVerdict.Genuine ? why
                : fact!.Id != id ? "it stands under another name than its own"
                : fact.At <= draft.Status.Facts?.Floor ? "it is older than what was taken in long ago"
                : "";
            if (verdict is FactVerdict.Unknown && MayBecomeKnown(draft, fact!))
            {
                // By the clock of who signed it, which may be behind.
                draft.LookAgainAt(fact!.At + KeyPatience);
                continue;
            }

            if (why.Length > 0)
            {
                refused.Add($"{name}: {why}");
                Remember(draft, id, draft.Now);
            }
            else if (!Take(draft, fact!))
            {
                commands.Add(fact!);
            }
        }

        draft.Facts = [.. commands.OrderBy(f => f.At).ThenBy(f => f.Id, StringComparer.Ordinal)];
        if (refused.Count > 0)
        {
            var more = refused.Count > 1 ? $" And {refused.Count - 1} more." : "";
            draft.Record("FactRefused", $"An annotation that looks like a recorded fact counts for nothing and was taken away. {refused[0]}.{more}", Draft.Unverified);
        }
    }

    public static void MarkHandled(Draft draft, RecordedFact fact)
    {
        draft.Facts = [.. draft.Facts.Where(f => f.Id != fact.Id)];
        Remember(draft, fact.Id, fact.At);
    }

    public static void CleanUp(Draft draft)
    {
        var present = draft.Observed.Facts.Keys.Where(name => IsHandled(draft, name[Annotations.FactPrefix.Length..])).Order(StringComparer.Ordinal).ToArray();
        if (present.Length > 0)
        {
            draft.Do(new RemoveFacts(present));
        }
    }

    /// <summary>Without any key nothing can be told apart yet; with some, only a fact of these minutes can be sealed with one that is newer.</summary>
    private static bool MayBecomeKnown(Draft draft, RecordedFact fact) =>
        !draft.Observed.Keys.Any || (draft.Now - fact.At).Duration() < KeyPatience;

    /// <summary>True for what is no command.</summary>
    private static bool Take(Draft draft, RecordedFact fact)
    {
        if (fact.Denied is { } denied)
        {
            draft.Record(fact.Command == FactKinds.Forge ? "ForgeryDenied" : "AttemptDenied", $"{fact.Command}: {denied}", fact.Actor);
        }
        else if (fact.Command is FactKinds.Create or FactKinds.Edit)
        {
            draft.Status = draft.Status with { Authors = Authorship.With(draft.Status.Authors, Authorship.Of(fact)) };
            draft.Record(fact.Command == FactKinds.Create ? "Requested" : "SpecEdited", fact.Command == FactKinds.Create ? "Created this patch." : "Edited the spec.", fact.Actor);
        }
        else if (fact.Command is FactKinds.Amend)
        {
            draft.Record("SpecAmended", $"{fact.Reason}.", fact.Actor);
        }
        else
        {
            return false;
        }

        Remember(draft, fact.Id, fact.At);
        return true;
    }

    private static bool IsHandled(Draft draft, string id) => (draft.Status.Facts?.Handled ?? []).Any(h => h.Id == id);

    /// <summary>What is forgotten raises the floor: an annotation that someone kept and writes again is refused for its age then.</summary>
    private static void Remember(Draft draft, string id, DateTimeOffset at)
    {
        var facts = draft.Status.Facts ?? new FactsStatus();
        HandledFact[] handled = [.. (facts.Handled ?? []).Append(new HandledFact { Id = id, At = at }).OrderBy(h => h.At)];
        var forgotten = handled.Take(handled.Length - Remembered).Select(h => (DateTimeOffset?)h.At).LastOrDefault();
        draft.Status = draft.Status with { Facts = new FactsStatus { Floor = forgotten > facts.Floor || facts.Floor is null ? forgotten ?? facts.Floor : facts.Floor, Handled = [.. handled.TakeLast(Remembered)] } };
    }
}
