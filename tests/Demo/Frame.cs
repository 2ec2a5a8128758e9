using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Demo;

internal sealed record PodState(string Name, bool IsCanary, bool Ready, bool Terminating);

internal sealed record EventLine(string Name, DateTimeOffset At, string Reason, string Message, bool IsWarning);

/// <summary>Everything there is to see of one patch at one moment.</summary>
internal sealed record Frame
{
    public required string Title { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required EmergencyPatch Patch { get; init; }

    public required IReadOnlyList<PodState> Pods { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<EventLine> Events { get; init; }

    public required ShopView Shop { get; init; }

    /// <summary>What the user did or is about to do, as a command.</summary>
    public string? Command { get; init; }

    public EmergencyPatchStatus Status => Patch.Status ?? new();

    public PatchPhase Phase => PatchPhases.Parse(Status.Phase);

    public Condition? Ready => Status.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready);

    /// <summary>Percent of the traffic that the canary should have now.</summary>
    public int AskedWeight => Phase is PatchPhase.Progressing or PatchPhase.Paused or PatchPhase.Promoting ? Status.Step?.Weight ?? 0 : 0;

    public int ActualWeight => Phase is PatchPhase.Promoted ? 0 : Status.Step?.ActualWeight ?? 0;

    /// <summary>Nothing more will happen by itself.</summary>
    public bool IsOver => Status.Audit is { } audit && audit.Stored >= audit.Sequence
        && Phase is PatchPhase.Promoted or PatchPhase.Reverted or PatchPhase.Rejected or PatchPhase.Superseded or PatchPhase.Closed or PatchPhase.Degraded;
}
