using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>How what was last done for a patch went: what the API server refused, which is shown in the status until it goes through, which images it took, and whether someone was faster.</summary>
internal sealed class ActionOutcomes
{
    private readonly ConcurrentDictionary<string, string> problems = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyCollection<SetStableImages>> set = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> races = new(StringComparer.Ordinal);

    public string? Of(EmergencyPatch patch) => problems.GetValueOrDefault(patch.Metadata.Uid);

    public void Set(EmergencyPatch patch, string? problem)
    {
        if (problem is null)
        {
            problems.TryRemove(patch.Metadata.Uid, out _);
        }
        else
        {
            problems[patch.Metadata.Uid] = problem;
        }
    }

    /// <summary>See <see cref="ObservedState.ImagesSet"/>.</summary>
    public IReadOnlyCollection<SetStableImages> ImagesSet(EmergencyPatch patch) => set.GetValueOrDefault(patch.Metadata.Uid) ?? [];

    public void SetImages(EmergencyPatch patch, SetStableImages action, bool went) =>
        set[patch.Metadata.Uid] = [.. ImagesSet(patch).Where(s => s.Workload != action.Workload), .. went ? [action] : (SetStableImages[])[]];

    public void ForgetImages(EmergencyPatch patch) => set.TryRemove(patch.Metadata.Uid, out _);

    /// <summary>Tries in a row, up to the last one, in which someone was faster.</summary>
    public int Races(EmergencyPatch patch) => races.GetValueOrDefault(patch.Metadata.Uid);

    public void SetRaces(EmergencyPatch patch, int count)
    {
        if (count == 0)
        {
            races.TryRemove(patch.Metadata.Uid, out _);
        }
        else
        {
            races[patch.Metadata.Uid] = count;
        }
    }

    /// <summary>The patch is gone.</summary>
    public void Forget(EmergencyPatch patch)
    {
        Set(patch, null);
        ForgetImages(patch);
        SetRaces(patch, 0);
    }
}
