using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Signing;

namespace PatchOperator.Tests.Unit.Audit;

/// <summary>A trail as the operator leaves it behind: records, seal, status and the mark outside of the namespace.</summary>
internal static class TrailUnderTest
{
    public static readonly SigningKey Key = new(Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
    public static readonly SigningKey OtherKey = new(Enumerable.Range(101, 32).Select(i => (byte)i).ToArray());
    public static readonly KeyRing Ring = new([Key.Public]);

    public static AuditStatus Status(int count, string word = "Action") => Enumerable.Range(1, count).Aggregate((AuditStatus?)null, (status, index) => AuditChain.Append(status, new AuditEntry
    {
        At = new DateTimeOffset(2026, 11, 23, 9, index % 60, 0, TimeSpan.Zero),
        Actor = "patch-operator",
        Action = $"{word}{index}",
    }))!;

    public static AuditSeal Seal(AuditStatus status, SigningKey? key = null, string name = "cve", string uid = "uid-1") =>
        (key ?? Key).Seal("shop", name, uid, status, new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));

    /// <summary>Everything in place and in agreement.</summary>
    public static AuditEvidence Whole(int count = 5)
    {
        var status = Status(count) with { Stored = count };
        var seal = Seal(status);
        return new AuditEvidence
        {
            Namespace = "shop",
            Name = "cve",
            Uid = "uid-1",
            Annotation = AuditChain.Format(status.Recent!),
            Seal = AuditSeals.Format(seal),
            Status = status with { Seal = seal },
            Archives = [],
            Mark = seal,
        };
    }

    public static AuditVerdict Verify(AuditEvidence evidence) => AuditVerifier.Verify(evidence, Ring.Check);

    /// <summary>The chain with one record changed, and every hash after it made to fit.</summary>
    public static IReadOnlyList<AuditRecord> Rewritten(AuditStatus status, long sequence, Func<AuditRecord, AuditRecord> change)
    {
        var previous = AuditChain.Genesis;
        var forged = new List<AuditRecord>();
        foreach (var record in status.Recent!)
        {
            var next = (record.Sequence == sequence ? change(record) : record) with { PreviousHash = previous };
            next = next with { Hash = AuditChain.HashOf(next) };
            forged.Add(next);
            previous = next.Hash;
        }

        return forged;
    }
}
