using System.Collections.Concurrent;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>Validation and digest of a spec, once per generation while a run decides every second; what waits is soon validated again.</summary>
internal sealed class IntentCache(OperatorPolicy policy)
{
    private readonly ConcurrentDictionary<string, (long Generation, PatchIntent Intent)> intents = new(StringComparer.Ordinal);

    public PatchIntent Of(EmergencyPatch patch)
    {
        if (intents.TryGetValue(patch.Metadata.Uid, out var known) && known.Generation == patch.Metadata.Generation)
        {
            return known.Intent;
        }

        var intent = PatchIntent.From(patch, policy);
        intents[patch.Metadata.Uid] = (patch.Metadata.Generation, intent);
        return intent;
    }

    public void Forget(EmergencyPatch patch) => intents.TryRemove(patch.Metadata.Uid, out _);
}
