using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Patches.Resources;

/// <summary>Read one by one and never watched: there are as many as there were releases.</summary>
internal sealed record ReplicaSetResource : IResource
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ReplicaSetSpecPart Spec { get; init => field = value ?? new(); } = new();
}

internal sealed record ReplicaSetSpecPart
{
    public PodTemplateSummary Template { get; init => field = value ?? PodTemplateSummary.Empty; } = PodTemplateSummary.Empty;
}
