using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

internal sealed record CronJobResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public CronJobSpecPart Spec { get; init => field = value ?? new(); } = new();
}

internal sealed record CronJobSpecPart
{
    public bool? Suspend { get; init; }

    public JobTemplatePart JobTemplate { get; init => field = value ?? new(); } = new();
}

internal sealed record JobTemplatePart
{
    public JobSpecPart Spec { get; init => field = value ?? new(); } = new();
}

internal sealed record JobSpecPart
{
    public PodTemplateSummary Template { get; init => field = value ?? PodTemplateSummary.Empty; } = PodTemplateSummary.Empty;
}

internal sealed record JobResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public JobSpecPart Spec { get; init => field = value ?? new(); } = new();

    public JobStatusPart Status { get; init => field = value ?? new(); } = new();

    /// <summary>Between Complete or Failed and never: also a Job whose pods have not been made yet may still run.</summary>
    public bool HasEnded => (Status.Conditions ?? []).Any(c => c is { Type: "Complete" or "Failed", Status: "True" });
}

internal sealed record JobStatusPart
{
    /// <summary>Pods that have not ended.</summary>
    public int? Active { get; init; }

    public int? Succeeded { get; init; }

    public int? Failed { get; init; }

    public IReadOnlyList<StatusConditionPart>? Conditions { get; init; }
}
