using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Runtime;

namespace PatchOperator.Audit;

/// <summary>
/// The furthest head of each trail, in the operator's namespace. An old annotation, status and seal fit each other and verify; only what their author cannot
/// reach shows that there was more.
/// </summary>
internal sealed class AuditMarks(AuditSettings settings, IClusterClient client, TimeProvider time, ILogger<AuditMarks> logger) : IDisposable
{
    // 330 bytes each: well under the 1 MiB of a ConfigMap. Beyond that the oldest are let go.
    private const int Most = 2000;

    /// <summary>Another replica may have led in between. Asked only when there is something to look at.</summary>
    private static readonly TimeSpan ReadAgain = TimeSpan.FromMinutes(1);

    /// <summary>What could not be read is not asked for by every patch in turn.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, AuditSeal> marks = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly CancellationTokenSource stop = new();
    private volatile Failure? failure;
    private long readAt;
    private bool exists;

    public AuditSeal? Of(string uid) => marks.GetValueOrDefault(uid);

    private bool IsFresh => readAt != 0 && time.GetElapsedTime(readAt) < ReadAgain;

    /// <exception cref="ClusterException">They could not be read.</exception>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        if (settings.Secret is null || IsFresh)
        {
            return;
        }

        ThrowWhileFailed();
        await gate.WaitAsync(cancellation);
        try
        {
            ThrowWhileFailed();
            await LoadAsync(cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>After the head is in a stored status, and never backwards. What takes longer goes on by itself, so that the patch's next decision need not wait.</summary>
    public async Task SetAsync(EmergencyPatch patch, CancellationToken cancellation)
    {
        if (settings.Secret is null || patch.Status?.Audit?.Seal is not { } seal || Of(patch.Metadata.Uid)?.Sequence >= seal.Sequence)
        {
            return;
        }

        try
        {
            await NoteAsync(patch, patch.Status.Audit, seal, stop.Token).WaitAsync(AuditInspector.Patience, time, cancellation);
        }
        catch (TimeoutException)
        {
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        stop.Dispose();
        gate.Dispose();
    }

    private async Task NoteAsync(EmergencyPatch patch, AuditStatus audit, AuditSeal seal, CancellationToken cancellation)
    {
        var uid = patch.Metadata.Uid;
        await gate.WaitAsync(cancellation);
        try
        {
            await LoadAsync(cancellation);
            if (Of(uid)?.Sequence >= seal.Sequence)
            {
                return;
            }

            var change = new JsonObject { [uid] = AuditSeals.Format(seal) };
            var before = audit.ContinuedFrom;
            if (before is not null && before != uid)
            {
                // A backup from before the restoration is whole for its own uid, and must not be continued a second time without what came since.
                change[before] = AuditSeals.Format(seal);
            }

            foreach (var old in marks.Where(m => m.Key != uid && m.Key != before).OrderBy(m => m.Value.At).Take(Math.Max(0, marks.Count - Most)).ToArray())
            {
                change[old.Key] = null;
                marks.TryRemove(old.Key, out _);
            }

            await AuditStore.MergeAsync(client, Key, change, exists, cancellation);
            exists = true;
            marks[uid] = seal;
            if (before is not null)
            {
                marks[before] = seal;
            }
        }
        catch (ClusterException exception)
        {
            logger.LogWarning("How far the trail of {Patch} goes could not be noted outside of it: {Problem}", ObjectKey.Of(patch), exception.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Behind the gate.</summary>
    private async Task LoadAsync(CancellationToken cancellation)
    {
        if (IsFresh)
        {
            return;
        }

        JsonObject? found;
        try
        {
            found = await client.FindAsync(AuditKinds.ConfigMaps, Key, cancellation);
        }
        catch (ClusterException exception)
        {
            failure = new Failure(exception, time.GetTimestamp());
            throw;
        }

        exists = found is not null;
        foreach (var (uid, value) in found?["data"] as JsonObject ?? [])
        {
            if (AuditSeals.Parse(value?.GetValue<string>()) is { } seal && !(Of(uid)?.Sequence >= seal.Sequence))
            {
                marks[uid] = seal;
            }
        }

        readAt = time.GetTimestamp();
    }

    private void ThrowWhileFailed()
    {
        if (failure is { } last && time.GetElapsedTime(last.At) < Pause)
        {
            throw new ClusterException(last.Why.Error, last.Why.Request, last.Why);
        }
    }

    private ObjectKey Key => new(settings.Namespace, settings.HeadsConfigMap);

    private sealed record Failure(ClusterException Why, long At);
}
