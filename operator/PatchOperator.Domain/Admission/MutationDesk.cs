using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;

namespace PatchOperator.Domain.Admission;

/// <summary>
/// Turns what people write on an EmergencyPatch into recorded facts: who created it, who edited its spec, and who gave which command.
/// What is protected stays as it was, whoever leaves it out of a replace.
/// </summary>
public static class MutationDesk
{
    /// <summary>Facts that wait for the operator. Nobody gives that many commands in earnest.</summary>
    private const int MostWaiting = 32;

    /// <summary>RBAC verbs on which the decision depends.</summary>
    public static IReadOnlyList<string> Questions(AdmissionRequest request) => IsOurBusiness(request)
        ? [.. Given(request).Select(c => CommandRules.VerbOf(c.Name)).OfType<string>().Distinct()]
        : [];

    /// <param name="request">The write.</param>
    /// <param name="rights">The answer for each verb of <see cref="Questions"/>; null where it could not be had.</param>
    /// <param name="keys">To seal with.</param>
    /// <param name="now">The server's time.</param>
    public static MutationDecision Decide(AdmissionRequest request, IReadOnlyDictionary<string, bool?> rights, FactKeys keys, DateTimeOffset now)
    {
        if (!IsOurBusiness(request))
        {
            return new MutationDecision();
        }

        var draft = new MutationDraft(request, keys, now);
        if (request.IsCreate && request.Name.Length == 0)
        {
            draft.Refuse(new AdmissionRefusal(422, "Invalid", "metadata.generateName: who asked for a patch is recorded under its name, and this one has none yet; write metadata.name."));
        }

        Protection.Decide(draft);
        Protection.KeepFinalizer(draft);
        foreach (var (name, reason) in Given(request))
        {
            if (draft.Refusal is null)
            {
                CommandIntake.Decide(draft, name, reason, rights);
            }
        }

        if (draft.Refusal is null)
        {
            StampAuthor(draft);
        }

        if (draft.Refusal is null && draft.Facts > 0 && draft.Facts + draft.Waiting > MostWaiting && !Given(request).Any(c => CommandRules.IsSafe(c.Name)))
        {
            draft.Refuse(new AdmissionRefusal(429, "TooManyRequests", $"{draft.Waiting} recorded facts of {draft.Subject} wait for the operator already; see whether it runs, and try again."));
        }

        return draft.ToDecision();
    }

    private static bool IsOurBusiness(AdmissionRequest request) => request is { Resource: Names.EmergencyPatchPlural, Subresource: "", IsOperator: false, IsStale: false };

    /// <summary>Commands that this write adds or changes.</summary>
    private static IEnumerable<(string Name, string Reason)> Given(AdmissionRequest request)
    {
        var (before, after) = (AnnotationMap.Of(request.OldObject), AnnotationMap.Of(request.Object));
        return Commands.All
            .Where(name => after.TryGetValue(Annotations.CommandPrefix + name, out var value) && value != before.GetValueOrDefault(Annotations.CommandPrefix + name))
            .Select(name => (name, after[Annotations.CommandPrefix + name]));
    }

    private static void StampAuthor(MutationDraft draft)
    {
        if (draft.Digest is not { } digest)
        {
            return;
        }

        if (!draft.Request.IsCreate && digest == draft.DigestBefore)
        {
            // What was approved is the same; who moved a deadline or froze the run is on record all the same.
            if (draft.CanSeal && draft.Amended is { } amended)
            {
                draft.Record(draft.Fact(FactKinds.Amend) with { Reason = amended });
            }

            return;
        }

        if (!draft.CanSeal)
        {
            draft.Refuse(MutationDraft.NoKey);
            return;
        }

        draft.Record(draft.Fact(draft.Request.IsCreate ? FactKinds.Create : FactKinds.Edit));
    }
}

internal static class AnnotationMap
{
    public static Dictionary<string, string> Of(JsonObject? resource) => (resource?["metadata"]?["annotations"] as JsonObject ?? [])
        .Where(a => a.Value is JsonValue value && value.GetValueKind() is JsonValueKind.String)
        .ToDictionary(a => a.Key, a => a.Value!.GetValue<string>(), StringComparer.Ordinal);
}
