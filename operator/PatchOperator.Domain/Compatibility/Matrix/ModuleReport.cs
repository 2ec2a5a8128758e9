using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>A ModuleCompatibility's own status: where its module is installed, which patches it decides on, and what their ends teach.</summary>
public static class ModuleReport
{
    private const int MostInstalled = 50;
    private const int MostPatches = 100;
    private const int LongestMessage = 4096;

    /// <param name="resource">The object.</param>
    /// <param name="patches">Those of its namespace.</param>
    /// <param name="now">For conditions that flip.</param>
    public static ModuleCompatibilityStatus Compose(ModuleCompatibility resource, IEnumerable<EmergencyPatch> patches, DateTimeOffset now)
    {
        var source = CompiledModule.SourceOf(resource);
        var met = patches
            .SelectMany(patch => (patch.Status?.Compatibility?.Modules ?? []).Where(row => row.Source == source).Select(row => (Patch: patch, Row: row)))
            .OrderBy(each => each.Patch.Metadata.Name, StringComparer.Ordinal).ThenBy(each => each.Row.Version, StringComparer.Ordinal)
            .ToArray();
        var conditions = new List<Condition> { Accepted(resource) };
        if (Lesson(met) is { } lesson)
        {
            conditions.Add(Condition(resource, ConditionTypes.Suggested, "True", lesson.Reason, lesson.Message));
        }

        return new ModuleCompatibilityStatus
        {
            ObservedGeneration = resource.Metadata.Generation,
            Installed = [.. met.Where(each => each.Row.Version is not null)
                .SelectMany(each => (each.Patch.Spec.Workloads ?? []).Select(workload => new InstalledModule { Workload = Name(workload), Version = each.Row.Version! }))
                .Distinct().Take(MostInstalled)],
            Affects = [.. met.Where(each => !HasEnded(each.Patch)).Select(each => new AffectedPatch { Patch = each.Patch.Metadata.Name, Verdict = each.Row.Verdict }).Distinct().Take(MostPatches)],
            Conditions = [.. conditions.Select(fresh => Kept(resource, fresh, now)).OrderBy(condition => condition.Type, StringComparer.Ordinal)],
        };
    }

    private static Condition Accepted(ModuleCompatibility resource)
    {
        var problems = ModuleCompatibilityValidator.Validate(resource);
        return problems.Count == 0
            ? Condition(resource, ConditionTypes.Accepted, "True", "RulesAccepted", "The rules can be read.")
            : Condition(resource, ConditionTypes.Accepted, "False", "RulesInvalid", string.Join(" ", problems.Select(problem => problem.ToString())));
    }

    /// <summary>The newest end of a patch says something only where no rule spoke for sure, or spoke otherwise.</summary>
    private static (string Reason, string Message)? Lesson(IReadOnlyList<(EmergencyPatch Patch, CompatibilityRow Row)> met)
    {
        foreach (var (patch, row) in met.Where(each => each.Row.Version is not null).OrderByDescending(each => EndedAt(each.Patch)))
        {
            var advisory = patch.Spec.Advisory?.Id;
            var rule = $"{{versions: \"{row.Version}\", {(advisory is null ? "" : $"patches: [{advisory}], ")}verdict: ";
            switch (PatchPhases.Parse(patch.Status?.Phase))
            {
                case PatchPhase.Promoted or PatchPhase.Closed when row.Verdict is nameof(ModuleVerdict.Unknown) or nameof(ModuleVerdict.Conditional) or nameof(ModuleVerdict.Incompatible):
                    return ("PatchPromoted", $"{patch.Metadata.Name} was promoted with {row.Module} {row.Version}, of which the rules say {row.Verdict}. Consider, as the first rule: {rule}Compatible}}.");
                case PatchPhase.Reverted when row.Verdict is nameof(ModuleVerdict.Unknown) or nameof(ModuleVerdict.Compatible) && patch.Status?.Revert is { } revert:
                    return ("PatchReverted", $"{patch.Metadata.Name} was taken back ({revert.Reason}) with {row.Module} {row.Version}, of which the rules say {row.Verdict}. If the module had a part in it, consider, as the first rule: {rule}Incompatible, reason: \"{revert.Reason}\"}}.");
            }
        }

        return null;
    }

    private static DateTimeOffset EndedAt(EmergencyPatch patch) => patch.Status?.Timings is { } timings ? timings.RevertedAt ?? timings.PromotedAt ?? DateTimeOffset.MinValue : DateTimeOffset.MinValue;

    private static bool HasEnded(EmergencyPatch patch) => PatchPhases.Parse(patch.Status?.Phase) switch
    {
        PatchPhase.Promoted or PatchPhase.Closed or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded => true,
        PatchPhase.Pending or PatchPhase.Blocked or PatchPhase.AwaitingApproval or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Paused
            or PatchPhase.Promoting or PatchPhase.Reverting or PatchPhase.Degraded => false,
    };

    private static string Name(WorkloadSpec workload) => workload.Deployment ?? workload.StatefulSet ?? workload.CronJob ?? workload.Name ?? "";

    private static Condition Condition(ModuleCompatibility resource, string type, string status, string reason, string message) => new()
    {
        Type = type,
        Status = status,
        Reason = reason,
        Message = message.Length > LongestMessage ? message[..LongestMessage] : message,
        LastTransitionTime = default,
        ObservedGeneration = resource.Metadata.Generation,
    };

    private static Condition Kept(ModuleCompatibility resource, Condition fresh, DateTimeOffset now) => fresh with
    {
        LastTransitionTime = resource.Status?.Conditions?.FirstOrDefault(known => known.Type == fresh.Type && known.Status == fresh.Status)?.LastTransitionTime ?? now,
    };
}
