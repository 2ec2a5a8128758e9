using System.Text.Json.Nodes;

namespace PatchOperator.Runtime;

/// <summary>What a coordination.k8s.io/v1 Lease says. <see cref="RenewTime"/> is only ever compared for equality: clocks of other machines are not trusted.</summary>
/// <param name="Holder">Empty after a release.</param>
/// <param name="Duration">For how long the others must wait after the last renewal they saw.</param>
/// <param name="RenewTime">As written by the holder.</param>
/// <param name="Transitions">Grows with each change of holder.</param>
internal sealed record LeaseRecord(string Holder, TimeSpan Duration, string RenewTime, long Transitions)
{
    public static LeaseRecord Of(JsonObject lease)
    {
        var spec = lease["spec"] as JsonObject;
        return new LeaseRecord(
            spec?["holderIdentity"]?.GetValue<string>() ?? "",
            TimeSpan.FromSeconds(spec?["leaseDurationSeconds"]?.GetValue<int>() ?? 0),
            spec?["renewTime"]?.GetValue<string>() ?? "",
            spec?["leaseTransitions"]?.GetValue<long>() ?? 0);
    }

    /// <summary>Writes into a copy of the Lease as it was read, so that fields of other tools stay.</summary>
    public static JsonObject Write(JsonObject? read, string ns, string name, string holder, TimeSpan duration, DateTimeOffset now, long transitions, bool acquire)
    {
        var lease = read?.DeepClone().AsObject() ?? new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns } };
        var spec = lease["spec"] as JsonObject ?? [];
        lease["apiVersion"] = "coordination.k8s.io/v1";
        lease["kind"] = "Lease";
        lease["spec"] = spec;
        var time = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
        spec["holderIdentity"] = holder.Length == 0 ? null : holder;
        spec["leaseDurationSeconds"] = Math.Max(1, (int)Math.Ceiling(duration.TotalSeconds));
        spec["renewTime"] = time;
        spec["leaseTransitions"] = transitions;
        if (acquire)
        {
            spec["acquireTime"] = time;
        }

        return lease;
    }
}

internal enum LeaseMove
{
    /// <summary>There is no Lease.</summary>
    Create,

    /// <summary>Nobody holds it, or its holder has not renewed it for its duration, or it is ours from an earlier term.</summary>
    Take,

    /// <summary>We hold it.</summary>
    Renew,

    /// <summary>Another process holds it.</summary>
    Wait,
}

/// <summary>
/// Decides what to do with the Lease from what was seen of it and when, on the local monotonic clock. No I/O.
/// A record counts as fresh from the moment <i>this</i> process saw it change, so that wrong clocks elsewhere can neither steal nor keep a lease.
/// </summary>
/// <param name="me">Our identity.</param>
/// <param name="usualDuration">For a record that names no duration.</param>
internal sealed class LeaseObservation(string me, TimeSpan usualDuration)
{
    private LeaseRecord? last;
    private TimeSpan changedAt;

    /// <summary>Of the last record seen; they go on counting where the Lease was deleted.</summary>
    public long Transitions => last?.Transitions ?? 0;

    public bool HasSeenAny => last is not null;

    /// <param name="record">As just read; null if there is none.</param>
    /// <param name="leading">We have an unbroken term.</param>
    /// <param name="now">Monotonic.</param>
    public LeaseMove Decide(LeaseRecord? record, bool leading, TimeSpan now)
    {
        if (record is null)
        {
            // Whoever held it does not know yet that somebody deleted it.
            return !leading && last is not null && IsHeldByOther(last, now) ? LeaseMove.Wait : LeaseMove.Create;
        }

        if (record != last)
        {
            last = record;
            changedAt = now;
        }

        if (record.Holder == me)
        {
            return leading ? LeaseMove.Renew : LeaseMove.Take;
        }

        return IsHeldByOther(record, now) ? LeaseMove.Wait : LeaseMove.Take;
    }

    private bool IsHeldByOther(LeaseRecord record, TimeSpan now) =>
        record.Holder.Length > 0 && record.Holder != me && now - changedAt < (record.Duration > TimeSpan.Zero ? record.Duration : usualDuration);
}
