using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Patches;

/// <summary>What the API server last refused to do for a patch; shown in its status until it goes through.</summary>
internal sealed class ActionProblems
{
    private readonly ConcurrentDictionary<string, string> problems = new(StringComparer.Ordinal);

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
}
