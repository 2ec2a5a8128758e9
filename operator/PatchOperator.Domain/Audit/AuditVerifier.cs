using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Audit;

/// <summary>
/// Puts a trail together from where its parts are kept and says what does not fit. The controller, the command line and the report all ask this one.
/// </summary>
public static class AuditVerifier
{
    /// <param name="evidence">What there is.</param>
    /// <param name="check">Null where no public key is at hand: hashes alone are looked at.</param>
    public static AuditVerdict Verify(AuditEvidence evidence, SealCheck? check)
    {
        var review = new Review(evidence, check);
        review.Collect();
        review.CheckStatus();
        review.CheckSeals();
        return review.Verdict();
    }

    private sealed class Review(AuditEvidence evidence, SealCheck? check)
    {
        private readonly List<string> faults = [];
        private readonly List<string> notes = [];
        private readonly List<string> unknown = [];
        private readonly List<AuditRecord> records = [];
        private long sealedThrough;
        private string? keyId;
        private string? begunOn;

        public AuditVerdict Verdict() => new()
        {
            Faults = faults,
            Notes = notes,
            Records = records,
            SealedThrough = sealedThrough,
            UnknownKeys = unknown,
            KeyId = keyId,
            BegunOn = begunOn,
        };

        /// <summary>Archives, then the annotation, then what status has and the annotation does not have yet.</summary>
        public void Collect()
        {
            TakeArchives(evidence.Archives ?? []);
            if (AuditChain.Parse(evidence.Annotation) is { } trail)
            {
                Take($"the annotation {Annotations.Audit}", trail);
                if (trail.Count > 0 && trail[^1].Sequence < evidence.Status?.Stored)
                {
                    faults.Add($"the trail in the annotation ends at record {trail[^1].Sequence}, and status knows that {evidence.Status.Stored} were in it: its end was removed");
                }
            }
            else
            {
                faults.Add($"the annotation {Annotations.Audit} is not an audit trail: it was overwritten");
            }

            Take("status.audit.recent", evidence.Status?.Recent ?? []);
            if (records.Count > 0 && records[0].Sequence > 1 && evidence.Archives is null)
            {
                notes.Add($"records 1 to {records[0].Sequence - 1} are in ConfigMaps that were not read; the chain was checked from there on");
            }

            if (FindFault() is { } fault)
            {
                faults.Add(fault);
            }
        }

        /// <summary>
        /// What the trail leads back to, hash by hash. Whoever may write ConfigMaps can put something beside that; what the chain does not need cannot break it, and is named.
        /// Where the chain does not reach its beginning, the rest is looked at for why.
        /// </summary>
        private void TakeArchives(IReadOnlyList<AuditArchive> archives)
        {
            var asked = Asked();
            var led = asked is { } end ? new ArchivedRecords(archives).LeadingTo(end.Sequence, end.Hash) : [];
            var missing = led is [var first, ..] ? first.Sequence - 1 : asked?.Sequence ?? long.MaxValue;
            if (missing > 0)
            {
                TakeUnproven(archives, missing);
            }
            else
            {
                Name(archives, led);
            }

            Take("a ConfigMap", led);
        }

        /// <summary>The record before the oldest that is elsewhere; of a patch that is gone, the one that its signature is over.</summary>
        private (long Sequence, string Hash)? Asked() =>
            AuditChain.Parse(evidence.Annotation) is [var oldest, ..] ? (oldest.Sequence - 1, oldest.PreviousHash)
            : evidence.Status?.Recent is [var kept, ..] ? (kept.Sequence - 1, kept.PreviousHash)
            : AuditSeals.Parse(evidence.Seal) is { } seal ? (seal.Sequence, seal.Hash)
            : null;

        private void TakeUnproven(IReadOnlyList<AuditArchive> archives, long last)
        {
            foreach (var archive in archives.OrderBy(a => a.Records is [var first, ..] ? first.Sequence : long.MaxValue).ThenBy(a => a.Name, StringComparer.Ordinal))
            {
                if (archive.Records is null)
                {
                    faults.Add($"ConfigMap {archive.Name} is marked as part of the trail and holds no records");
                }
                else
                {
                    Take($"ConfigMap {archive.Name}", [.. archive.Records.Where(r => r.Sequence <= last)]);
                }
            }
        }

        private void Name(IReadOnlyList<AuditArchive> archives, IReadOnlyList<AuditRecord> led)
        {
            var known = led.Concat(AuditChain.Parse(evidence.Annotation) ?? []).Concat(evidence.Status?.Recent ?? []).ToHashSet();
            foreach (var other in archives.Where(a => a.Records is null || a.Records.Any(r => !known.Contains(r))).OrderBy(a => a.Name, StringComparer.Ordinal))
            {
                notes.Add($"ConfigMap {other.Name} is marked as part of the trail, and what is in it is not: the trail is complete without it, and does not lead there");
            }
        }

        /// <summary>A place may repeat what an earlier one ends with, to the letter; it may not say otherwise.</summary>
        private void Take(string place, IReadOnlyList<AuditRecord> added)
        {
            var known = records.Count > 0 ? records[^1].Sequence : 0;
            var skipped = 0;
            while (skipped < added.Count && added[skipped].Sequence <= known)
            {
                var record = added[skipped];
                if (record.Sequence < records[0].Sequence)
                {
                    // Older than all that was read; its own copy is in a ConfigMap that is not at hand.
                }
                else if (records.FirstOrDefault(r => r.Sequence == record.Sequence) is not { } other)
                {
                    faults.Add($"record {record.Sequence} is in {place} and missing before it");
                }
                else if (other != record)
                {
                    faults.Add($"record {record.Sequence} in {place} differs from its other copy: one of them was changed");
                }
                else if (skipped > 0 && added[skipped - 1].Sequence >= record.Sequence)
                {
                    faults.Add($"record {record.Sequence} in {place} is out of order");
                }

                skipped++;
            }

            records.AddRange(added.Skip(skipped));
        }

        private string? FindFault() => records switch
        {
            [] => null,
            [{ Sequence: > 1 } first, ..] when evidence.Archives is null => AuditChain.FindFault(records, first.Sequence - 1, first.PreviousHash),
            _ => AuditChain.FindFault(records),
        };

        public void CheckStatus()
        {
            if (evidence.Status is not { } status)
            {
                return;
            }

            if (status.Sequence > Last)
            {
                faults.Add($"the trail ends at record {Last}, and status knows of {status.Sequence}: its end was removed");
            }
            else if (status.Sequence < Last)
            {
                faults.Add($"status ends at record {status.Sequence}, and the trail at {Last}: status was set back, or the trail was added to by someone else");
            }
            else if (Hash(status.Sequence) is { } hash && hash != status.Head)
            {
                faults.Add($"record {status.Sequence} is not the one that status knows: one of them was changed");
            }
        }

        public void CheckSeals()
        {
            var annotated = AuditSeals.Parse(evidence.Seal);
            if (annotated is null && !string.IsNullOrEmpty(evidence.Seal))
            {
                faults.Add($"the annotation {Annotations.AuditSeal} is not a seal: it was overwritten");
            }

            var before = faults.Count;
            Check($"the annotation {Annotations.AuditSeal}", annotated);
            Check("status.audit.seal", evidence.Status?.Seal);
            Check("the operator's own record of heads", evidence.Mark);
            CheckArchiveSeals(annotated);
            var named = new[] { annotated, evidence.Status?.Seal, evidence.Mark }.OfType<AuditSeal>().ToArray();
            if (before == faults.Count && named.Length > 0 && named.Max(s => s.Sequence) is var covered && covered < Last)
            {
                faults.Add($"records {covered + 1} to {Last} have no signature: they were added by someone else, or by an operator that could not read its key");
            }
            else if (evidence.Mark is not null && annotated is null && evidence.Status?.Seal is null && Last > 0)
            {
                faults.Add("the trail was signed, and its signatures were removed");
            }

            if (annotated is { } foreign && foreign.Uid != evidence.Uid && evidence.Status?.Seal is null)
            {
                begunOn = foreign.Uid;
                notes.Add($"the trail was begun on a resource with uid {foreign.Uid}: this one was restored or created anew from it");
            }
        }

        /// <summary>Only a signature that holds says anything here, and only that there is more: whoever may write ConfigMaps may write down any other, or copy an older one.</summary>
        private void CheckArchiveSeals(AuditSeal? annotated)
        {
            var later = (evidence.Archives ?? [])
                .Where(a => a.Seal is { } seal && seal.Sequence > Last && (seal.Uid == evidence.Uid || seal.Uid == annotated?.Uid))
                .Where(a => check is not null && AuditSeals.Check(evidence.Namespace, evidence.Name, a.Seal!, check) is SealState.Valid)
                .MaxBy(a => a.Seal!.Sequence);
            if (later is not null)
            {
                faults.Add($"the signature in ConfigMap {later.Name} vouches for {later.Seal!.Sequence} records, and the trail has {Last}: its end was removed");
            }
        }

        private void Check(string place, AuditSeal? seal)
        {
            if (seal is null)
            {
                return;
            }

            if (seal.Sequence > Last)
            {
                faults.Add($"{place} vouches for {seal.Sequence} records, and the trail has {Last}: its end was removed");
            }
            else if (Hash(seal.Sequence) is { } hash && hash != seal.Hash)
            {
                faults.Add($"record {seal.Sequence} is not the one that {place} vouches for: the trail was rewritten");
            }
            else if (check is not null)
            {
                CheckSignature(place, seal, check);
            }
        }

        private void CheckSignature(string place, AuditSeal seal, SealCheck signature)
        {
            switch (AuditSeals.Check(evidence.Namespace, evidence.Name, seal, signature))
            {
                case SealState.Valid:
                    if (seal.Sequence > sealedThrough)
                    {
                        sealedThrough = seal.Sequence;
                        keyId = seal.KeyId;
                    }

                    break;
                case SealState.Invalid:
                    faults.Add($"the signature in {place} over record {seal.Sequence} is not one of key {seal.KeyId}");
                    break;
                case SealState.UnknownKey:
                    if (!unknown.Contains(seal.KeyId))
                    {
                        unknown.Add(seal.KeyId);
                    }

                    break;
            }
        }

        private long Last => records.Count > 0 ? records[^1].Sequence : 0;

        private string? Hash(long sequence) => records.LastOrDefault(r => r.Sequence == sequence)?.Hash;
    }
}
