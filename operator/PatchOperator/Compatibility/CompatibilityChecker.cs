using System.Collections.Concurrent;
using PatchOperator.Admission;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.Domain.Rollout;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>
/// Makes the matrix of a patch that waits, and makes it anew only when its inventory, its waivers or a rule that concerns it changed.
/// A rule's edit wakes the patches that have its module, and no other.
/// </summary>
internal sealed class CompatibilityChecker : IDisposable
{
    private readonly RuleBooks books;
    private readonly InventoryStore inventories;
    private readonly IReconcileQueue<EmergencyPatch> queue;
    private readonly TimeProvider time;
    private readonly AdmissionSettings admission;
    private readonly FactKeyStore keys;
    private readonly ConcurrentDictionary<string, State> states = new(StringComparer.Ordinal);

    public CompatibilityChecker(RuleBooks books, InventoryStore inventories, IReconcileQueue<EmergencyPatch> queue, AdmissionSettings admission, FactKeyStore keys, TimeProvider time)
    {
        (this.books, this.inventories, this.queue, this.time) = (books, inventories, queue, time);
        (this.admission, this.keys) = (admission, keys);
        books.Changed += OnRulesChanged;
    }

    /// <summary>How many matrices were made; for tests of what an edit costs.</summary>
    public long Evaluations { get; private set; }

    public async Task<CompatibilityObservation> ObserveAsync(EmergencyPatch patch, PatchIntent intent, CancellationToken cancellation)
    {
        // Without all rules a module would be unknown that is not.
        if (!books.IsComplete)
        {
            return new CompatibilityObservation.Unavailable("RulesNotRead", "The ModuleCompatibility rules are not read yet; trying again.", IsPassing: true);
        }

        var state = states.GetOrAdd(patch.Metadata.Uid, _ => new State(ObjectKey.Of(patch)));
        var changes = Volatile.Read(ref state.Changes);
        try
        {
            var identity = await inventories.IdentifyAsync(patch, intent, cancellation);
            if (identity.Problem is { } problem)
            {
                return problem;
            }

            var now = time.GetUtcNow();
            var waivers = WaiverBook.Valid(patch, intent, admission.Enabled ? keys.Current : null, now);
            var inputs = $"{intent.Digest}|{identity.Version}|{string.Join('|', waivers.Select(waiver => $"{waiver.Module}:{waiver.By}:{waiver.Reason}:{waiver.ExpiresAt.UtcTicks}"))}";
            if (state.Inputs == inputs && state.Seen == changes && state.Evaluation == patch.Status?.Compatibility?.Evaluation)
            {
                return new CompatibilityObservation.Unchanged();
            }

            var ns = patch.Metadata.Namespace ?? "";
            var (patched, stable) = await inventories.ReadAsync(ns, identity, cancellation);
            if ((patched.Inventory is null ? patched : stable?.Inventory is null ? stable : null) is { } unread)
            {
                return new CompatibilityObservation.Unavailable(unread.Reason!, unread.Message!);
            }

            var asked = MatrixInputs.From(patch, patched.Inventory!, stable?.Inventory, WaiverBook.ForMatrix(waivers));

            // Before the book is read: a rule that comes in between must find the patch.
            state.Index = new InventoryIndex(asked);
            changes = Volatile.Read(ref state.Changes);
            var matrix = CompatibilityEvaluator.Evaluate(books.Of(ns), asked, now);
            Evaluations++;
            var evaluation = Fingerprint.Of($"{inputs}\n{matrix.Summary}\n{string.Join('\n', matrix.Rows)}\n{string.Join('\n', matrix.Conflicts)}\n{string.Join('\n', matrix.Changes)}\n{string.Join('\n', matrix.Notes)}");
            (state.Inputs, state.Seen, state.Evaluation) = (inputs, changes, evaluation);
            return new CompatibilityObservation.Evaluated(matrix, Summary(identity, asked.Patched), evaluation);
        }
        catch (ClusterException exception)
        {
            return new CompatibilityObservation.Unavailable("InventoryNotRead", $"The inventory could not be read: {exception.Message} Trying again.", IsPassing: true);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Others write inventories. Whatever is in one, its patch can still be rejected, and its author must learn of it.
            return new CompatibilityObservation.Unavailable("InventoryInvalid", $"The inventory could not be understood ({exception.GetType().Name}: {exception.Message}); make it anew, or feed it in another format.");
        }
    }

    /// <summary>Modules decide nothing any more: nothing is watched for this patch.</summary>
    public void Forget(EmergencyPatch patch)
    {
        if (states.TryRemove(patch.Metadata.Uid, out _))
        {
            inventories.Release(patch);
        }
    }

    public void Dispose() => books.Changed -= OnRulesChanged;

    private static InventorySummary Summary(InventoryIdentity identity, Inventory patched) => new()
    {
        Source = identity.Source,
        ImageDigest = patched.ImageDigest,
        Packages = patched.Packages.Count,
        Modules = patched.Modules.Count,
        AppliedPatches = patched.AppliedPatches.Count,
    };

    private void OnRulesChanged(string ns, IReadOnlyList<string> modules)
    {
        foreach (var state in states.Values.Where(state => state.Patch.Namespace == ns && (state.Index is null || modules.Any(state.Index.Mentions))))
        {
            Interlocked.Increment(ref state.Changes);
            queue.Enqueue(state.Patch);
        }
    }

    private sealed class State(ObjectKey patch)
    {
        public int Changes;

        public ObjectKey Patch { get; } = patch;

        /// <summary>Null until the first matrix was made; then every rule may concern it.</summary>
        public InventoryIndex? Index { get; set; }

        public string? Inputs { get; set; }

        public int Seen { get; set; }

        public string? Evaluation { get; set; }
    }
}
