using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>
/// Fields of the API that no code acts on yet. Each is refused by name, since a gate that is written down and not there is worse
/// than none. Whoever makes a field work deletes its line.
/// </summary>
internal static class UnsupportedFields
{
    private static readonly IReadOnlyList<Row> All =
    [
        // path, when it is used, what to do instead
        Field("spec.database.change", spec => spec.Database is { Change: not (null or "None") }, "change the database in a maintenance window and write None"),
        Field("spec.database.job", spec => spec.Database?.Job is not null, "run the job yourself and leave it out"),
        Field("spec.featureFlag", spec => spec.FeatureFlag is not null, "leave it out, and switch the flag yourself"),
        Field("spec.validations", spec => Any(spec.Validations), "run them yourself before you approve, and leave them out"),
        Field("spec.revert.automatic", spec => spec.Revert?.Automatic is false, "a failed canary is always taken back; write true or leave it out"),
        Field("spec.closure.reviewWithin", spec => spec.Closure?.ReviewWithin is not null, "leave it out"),
        Field("spec.closure.criteria", spec => Any(spec.Closure?.Criteria), "leave it out"),
    ];

    /// <summary>What depends on who people are, and so on admission control, which can be switched off.</summary>
    private static readonly IReadOnlyList<Row> Authenticated =
    [
        Field("spec.approval.required", spec => spec.Approval?.Required > 1, "write 1"),
        Field("spec.approval.responsible", spec => Any(spec.Approval?.Responsible), "leave it out"),
        Field("spec.approval.accountable", spec => Any(spec.Approval?.Accountable), "leave it out"),
        Step(".approval", step => step.Approval is true, "leave it out"),
    ];

    /// <summary>Every path that is refused, with <c>[]</c> for any item, for documentation and tests.</summary>
    public static IEnumerable<string> Paths => All.Select(row => row.Path);

    public static void Check(EmergencyPatchSpec spec, ValidationOptions options, ProblemList problems)
    {
        foreach (var row in options.Authenticates ? [] : Authenticated)
        {
            foreach (var path in row.UsedAt(spec))
            {
                problems.NotSupportedYet(path, $"needs to know who people are, and admission control, which authenticates them, is switched off in this operator (chart value admission.enabled); switch it on, or {row.Instead}");
            }
        }

        foreach (var row in All)
        {
            foreach (var path in row.UsedAt(spec))
            {
                problems.NotSupportedYet(path, $"is not supported yet; {row.Instead}");
            }
        }
    }

    private static Row Field(string path, Func<EmergencyPatchSpec, bool> isUsed, string instead) =>
        new(path, spec => isUsed(spec) ? [path] : [], instead);

    private static Row Step(string member, Func<CanaryStepSpec, bool> isUsed, string instead) => new(
        $"spec.canary.steps[]{member}",
        spec => (spec.Canary?.Steps).Numbered().Where(each => isUsed(each.Item)).Select(each => $"spec.canary.steps[{each.Index}]{member}"),
        instead);

    private static bool Any<T>(IReadOnlyList<T>? items) => items is { Count: > 0 };

    private sealed record Row(string Path, Func<EmergencyPatchSpec, IEnumerable<string>> UsedAt, string Instead);
}
