using System.Text.Json;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>What happened, before it is a link of the chain.</summary>
public sealed record AuditEntry
{
    public required DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? SpecDigest { get; init; }

    public string? Detail { get; init; }
}

/// <summary>Links audit records by hash, so that an edited, removed or reordered record shows.</summary>
public static class AuditChain
{
    /// <summary>What the first record has for a predecessor.</summary>
    public const string Genesis = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>How many records a status keeps of those that are in the trail already; the annotation never has more, so that status can put it back.</summary>
    public const int Kept = 64;

    /// <summary>The entry as the next link, and the status with it.</summary>
    public static AuditStatus Append(AuditStatus? status, AuditEntry entry)
    {
        var previous = status?.Head ?? Genesis;
        var unsealed = new AuditRecord
        {
            Sequence = (status?.Sequence ?? 0) + 1,
            At = entry.At.ToUniversalTime(),
            Actor = entry.Actor,
            Action = entry.Action,
            From = entry.From,
            To = entry.To,
            SpecDigest = entry.SpecDigest,
            Detail = entry.Detail,
            PreviousHash = previous,
            Hash = "",
        };
        var record = unsealed with { Hash = HashOf(unsealed) };
        IEnumerable<AuditRecord> recent = [.. status?.Recent ?? [], record];
        return new AuditStatus { Sequence = record.Sequence, Head = record.Hash, Stored = status?.Stored, Seal = status?.Seal, ContinuedFrom = status?.ContinuedFrom, Recent = [.. recent.Where(r => r.Sequence > record.Sequence - Kept || !(r.Sequence <= status?.Stored))] };
    }

    /// <summary>SHA-256 over the record's canonical JSON without <c>hash</c>: <c>sha256:</c> and 64 hex digits.</summary>
    public static string HashOf(AuditRecord record)
    {
        var json = JsonSerializer.SerializeToNode(record, DomainJson.Default.AuditRecord)!.AsObject();
        json.Remove("hash");
        return "sha256:" + CanonicalJson.Sha256(json);
    }

    /// <summary>The first fault of a trail in words, or null when every link holds.</summary>
    /// <param name="trail">The records in the order in which they are kept.</param>
    /// <param name="after">Sequence of the record before the first of these.</param>
    /// <param name="previous">Hash of that record.</param>
    public static string? FindFault(IReadOnlyList<AuditRecord> trail, long after = 0, string previous = Genesis)
    {
        foreach (var record in trail)
        {
            after++;
            if (record.Sequence != after)
            {
                return $"record {after} has sequence {record.Sequence}: a record is missing or out of order";
            }

            if (record.PreviousHash != previous)
            {
                return $"record {record.Sequence} does not follow the one before it: previousHash differs";
            }

            if (HashOf(record) != record.Hash)
            {
                return $"record {record.Sequence} ({record.Action}) was changed after it was written: its hash differs";
            }

            previous = record.Hash;
        }

        return null;
    }

    /// <summary>Reads the annotation's value; null when it is not a trail.</summary>
    public static IReadOnlyList<AuditRecord>? Parse(string? annotation)
    {
        if (string.IsNullOrEmpty(annotation))
        {
            return [];
        }

        try
        {
            // A list with a hole in it, [null], is no trail either.
            return JsonSerializer.Deserialize(annotation, DomainJson.Default.IReadOnlyListAuditRecord) is { } trail && trail.All(record => record is { Hash: not null, PreviousHash: not null, Actor: not null, Action: not null }) ? trail : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string Format(IReadOnlyList<AuditRecord> trail) => JsonSerializer.Serialize(trail, DomainJson.Default.IReadOnlyListAuditRecord);
}
