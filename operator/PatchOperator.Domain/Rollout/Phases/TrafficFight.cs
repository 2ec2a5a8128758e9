namespace PatchOperator.Domain.Rollout.Phases;

/// <summary>Someone else changes who gets requests, or what the canary runs: put back at once and told, but who keeps doing so is named once, and answered ever more slowly.</summary>
internal static class TrafficFight
{
    public const string Edited = "TrafficEdited";
    public const string Contested = "TrafficContested";

    /// <summary>An older correction says nothing of the next.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);

    /// <summary>This many edits are taken for people's; more are a program that keeps writing.</summary>
    private const int AnsweredAtOnce = 3;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>Which edit lately this one is.</summary>
    public static int Times(Draft draft, DateTimeOffset? correctedAt, int? corrections) => (correctedAt + Forgotten > draft.Now ? corrections ?? 0 : 0) + 1;

    /// <summary>When it may be put back.</summary>
    public static DateTimeOffset AnswerAt(Draft draft, DateTimeOffset? correctedAt, int? corrections) => correctedAt is { } last ? last + Pause(corrections ?? 1) : draft.Now;

    /// <summary>What was off does not count for the hold.</summary>
    public static void MakeUp(Draft draft, DateTimeOffset? offSince)
    {
        if (offSince is { } since && draft.Status.Step is { NotBefore: { } notBefore } step)
        {
            draft.Status = draft.Status with { Step = step with { NotBefore = notBefore + (draft.Now - since) } };
        }
    }

    /// <summary>The field manager, as far as the API server knows it.</summary>
    public static string Who(string? manager) => manager ?? "someone else";

    private static TimeSpan Pause(int corrections) => corrections <= AnsweredAtOnce
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, Math.Min(corrections - AnsweredAtOnce, 10))));

    public static (string Status, string Reason, string Message) Condition(Draft draft, string what, int? corrections, DateTimeOffset at, string edited = Edited, string contested = Contested) =>
        ("False", corrections > AnsweredAtOnce ? contested : edited, $"{what} Being put back{(at > draft.Now ? $" at {at:u}" : "")}.");

    /// <param name="draft">Gets the record, where there is something new to say.</param>
    /// <param name="what">What was found instead of what.</param>
    /// <param name="times">How often lately, with this time.</param>
    /// <param name="suspect">What usually writes there.</param>
    /// <param name="field">What it should leave alone.</param>
    /// <param name="edited">Name of the record of an edit.</param>
    /// <param name="contested">Name of the record that more came than people make.</param>
    public static void Report(Draft draft, string what, int times, string suspect, string field, string edited = Edited, string contested = Contested)
    {
        if (times <= AnsweredAtOnce)
        {
            draft.Record(edited, $"{what} Put back; no step begins meanwhile.");
        }
        else if (times == AnsweredAtOnce + 1)
        {
            draft.Record(
                contested,
                $"{what} It is the {times}th time: something keeps writing it, such as {suspect}. "
                + $"It is put back ever more slowly, and no step begins meanwhile. Let that program ignore {field}, or suspend it for the run.");
        }
    }
}
