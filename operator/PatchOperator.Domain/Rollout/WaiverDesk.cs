using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Domain.Rollout;

/// <summary>Takes in waivers: one module of this very spec, with a reason and an end, and only where there is something to waive.</summary>
internal static class WaiverDesk
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    public static void Decide(Draft draft)
    {
        while (CommandDesk.Take(draft, Commands.Waive) is { } command)
        {
            Take(draft, command);
        }
    }

    private static void Take(Draft draft, Command command)
    {
        if (AuthorRefusal(draft, command) is { } person)
        {
            draft.Record("AttemptDenied", $"{command.Name}: {person}", command.Actor);
            return;
        }

        if (Refusal(draft, command.Reason, out var waiver) is { } why)
        {
            draft.Record("WaiverRefused", $"{Quote(command.Reason)} waives nothing: {why}", command.Actor);
            return;
        }

        var expires = waiver!.Until ?? (command.Fact?.At ?? draft.Now) + draft.Intent.ApprovalExpiresAfter;
        draft.Status = draft.Status with
        {
            Waivers =
            [
                .. (draft.Status.Waivers ?? []).Where(known => !IsSame(known.Module, waiver.Module)),
                new WaiverStatus
                {
                    Module = waiver.Module,
                    By = command.Actor,
                    Verified = command.Fact is not null,
                    Reason = waiver.Reason,
                    At = draft.Now,
                    ExpiresAt = expires,
                    SpecDigest = draft.Intent.Digest,
                    Fact = command.Fact is { } fact ? FactSeal.Write(fact) : null,
                },
            ],
        };
        draft.Record("Waived", $"{waiver.Module} until {expires.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {waiver.Reason}{(command.Fact is null ? " (nothing authenticated the author)" : "")}", command.Actor);

        // The matrix is made anew with it.
        draft.WakeAt(draft.Now);
    }

    /// <summary>The API server let it in; since then the spec may have become another, by somebody else.</summary>
    private static string? AuthorRefusal(Draft draft, Command command) => command.Fact is not { } fact ? null
        : fact.SpecDigest != draft.Intent.Digest ? "it was given to another version of the spec; look at this one, and waive again."
        : ApprovalBook.Refusal(draft, fact);

    private static string? Refusal(Draft draft, string text, out WaiverText? waiver)
    {
        waiver = null;
        if (!CompatibilityReview.IsBeforeStart(draft.Phase))
        {
            return $"the patch is {draft.Phase}, and modules decide only before the start.";
        }

        if (draft.Intent.Compatibility is null)
        {
            return "the patch's modules are not checked; spec.compatibility.mode is Off or the spec is not accepted.";
        }

        if (!WaiverText.TryParse(text, out waiver, out var error))
        {
            return error;
        }

        if (waiver.Until <= draft.Now || waiver.Until > draft.Now + Longest)
        {
            return $"its end, {waiver.Until:u}, is not within the next {Longest.TotalDays:0} days.";
        }

        if (draft.Status.Compatibility is not { Outcome: not CompatibilityReview.Unknown } matrix)
        {
            return "the modules are not known yet; status.compatibility says why.";
        }

        var module = waiver.Module;
        return Findings(matrix).Contains(module, StringComparer.OrdinalIgnoreCase) || matrix.Omitted > 0
            ? null
            : $"nothing found is about {module}. {(Open(matrix) is { Length: > 0 } open ? $"What can be waived: {string.Join(", ", open)}." : "There is nothing to waive.")}";
    }

    private static string[] Open(CompatibilityStatus matrix) => [.. Findings(matrix).Distinct(StringComparer.OrdinalIgnoreCase).Take(10)];

    /// <summary>Whatever warns or blocks, or would without a waiver.</summary>
    private static IEnumerable<string> Findings(CompatibilityStatus matrix) =>
        (matrix.Modules ?? []).Where(row => row.Effect != nameof(FindingEffect.None) || row.WaivedBy is not null).Select(row => row.Module)
        .Concat((matrix.Findings ?? []).Where(each => each.Effect != nameof(FindingEffect.None) || each.WaivedBy is not null).SelectMany(each => each.Packages));

    /// <summary>Waivers that ran out before the start end, and say so before the matrix that follows from it does.</summary>
    public static void DropEnded(Draft draft)
    {
        if (!CompatibilityReview.IsBeforeStart(draft.Phase) || draft.Status.Waivers is not { Count: > 0 } waivers)
        {
            return;
        }

        var valid = WaiverBook.Valid(draft.Patch with { Status = draft.Status }, draft.Intent, draft.Policy.Validation.Authenticates ? draft.Observed.Keys : null, draft.Now);
        foreach (var ended in waivers.Where(waiver => waiver.SpecDigest == draft.Intent.Digest).Except(valid))
        {
            if (ended.ExpiresAt > draft.Now)
            {
                draft.Record("WaiverRefused", $"A waiver of {ended.Module} by {ended.By} counts for nothing: nothing proves that it was given. Somebody may have edited the status.", Draft.Unverified);
            }
            else
            {
                draft.Record("WaiverExpired", $"The waiver of {ended.Module} by {ended.By} ran out before the start; waive it again or have the module repaired.");
            }
        }

        foreach (var waiver in valid)
        {
            draft.WakeAt(waiver.ExpiresAt);
        }

        if (valid.Count < waivers.Count)
        {
            draft.Status = draft.Status with { Waivers = valid.Count > 0 ? valid : null };
        }
    }

    private static bool IsSame(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static string Quote(string text) => $"'{(text.Length > 200 ? text[..200] + "…" : text)}'";
}
