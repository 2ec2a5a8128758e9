using System.Globalization;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

/// <summary>The arithmetic of a Deployment: what its spec allows, with the API server's defaults. Pure.</summary>
internal sealed record Rollout(int Replicas, int MaxSurge, int MaxUnavailable)
{
    private const int NoDeadline = int.MaxValue;

    public required bool Recreate { get; init; }
    public required bool Paused { get; init; }
    public required int MinReadySeconds { get; init; }
    public required int RevisionHistoryLimit { get; init; }

    /// <summary>Null where the Deployment has switched its deadline off.</summary>
    public required TimeSpan? ProgressDeadline { get; init; }

    public int MinAvailable => Math.Max(0, Replicas - MaxUnavailable);

    public int MaxTotal => Recreate || Replicas == 0 ? Replicas : Replicas + MaxSurge;

    public static Rollout Of(JsonObject deployment)
    {
        var spec = deployment["spec"];
        var replicas = spec.Number("replicas") ?? 1;
        var recreate = spec.Text("strategy", "type") == "Recreate";
        var surge = Share(spec.At("strategy", "rollingUpdate", "maxSurge"), replicas, roundUp: true);
        var unavailable = Share(spec.At("strategy", "rollingUpdate", "maxUnavailable"), replicas, roundUp: false);
        // With both at zero a rollout could never move.
        unavailable = surge == 0 && unavailable == 0 ? 1 : Math.Min(unavailable, replicas);
        var deadline = spec.Number("progressDeadlineSeconds") ?? 600;
        return new(replicas, recreate ? 0 : surge, recreate ? 0 : unavailable)
        {
            Recreate = recreate,
            Paused = spec.Flag("paused"),
            MinReadySeconds = spec.Number("minReadySeconds") ?? 0,
            RevisionHistoryLimit = spec.Number("revisionHistoryLimit") ?? 10,
            ProgressDeadline = deadline == NoDeadline ? null : TimeSpan.FromSeconds(deadline),
        };
    }

    /// <summary>How large the new ReplicaSet may be now, given all pods that are asked for.</summary>
    public int NewReplicaSetSize(int current, int totalPods) =>
        Recreate ? Replicas
        : current >= Replicas ? Replicas
        : current + Math.Max(0, Math.Min(MaxTotal - totalPods, Replicas - current));

    /// <summary>How many old pods may go without the rollout falling below <see cref="MinAvailable"/>, if every new pod that is not available stays so.</summary>
    public int MayScaleDown(int totalPods, int newReplicas, int newAvailable) => totalPods - MinAvailable - Math.Max(0, newReplicas - newAvailable);

    private static int Share(JsonNode? value, int of, bool roundUp)
    {
        var text = value is null ? "25%" : value.ToString();
        if (!text.EndsWith('%'))
        {
            return int.Parse(text, CultureInfo.InvariantCulture);
        }

        var share = int.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture) * of / 100.0;
        return (int)(roundUp ? Math.Ceiling(share) : Math.Floor(share));
    }
}
