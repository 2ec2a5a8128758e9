using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// Measurements beside the reconciles, at most one for each patch: a slow source keeps no worker waiting that another patch's revert needs.
/// The end of a measurement wakes its patch, which then takes the result. Nothing here outlives the process; what is lost is measured again.
/// </summary>
/// <typeparam name="T">What a measurement comes to.</typeparam>
internal sealed class Measurements<T>(IReconcileQueue<EmergencyPatch> queue, TimeProvider time) : IDisposable
    where T : class
{
    /// <summary>A result that nobody took for so long is of another time, such as before this process lost the lead.</summary>
    private static readonly TimeSpan LongestShelfLife = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Measurement> measurements = new(StringComparer.Ordinal);

    /// <summary>The result of the measurement with this identity, or null: then one is under way.</summary>
    /// <param name="patch">Whose measurement it is; one with another identity is cancelled.</param>
    /// <param name="id">What is measured: the run, and the step of it.</param>
    /// <param name="read">Starts the measurement. It throws only when it is cancelled.</param>
    public T? TakeOrStart(EmergencyPatch patch, string id, Func<CancellationToken, Task<T>> read)
    {
        lock (gate)
        {
            var known = measurements.GetValueOrDefault(patch.Metadata.Uid);
            if (known is not null && (known.Id != id || known.IsSpoilt(time.GetUtcNow())))
            {
                Drop(patch.Metadata.Uid, known);
                known = null;
            }

            known ??= Start(patch, id, read);
            if (!known.Result.IsCompleted)
            {
                return null;
            }

            measurements.Remove(patch.Metadata.Uid);
            known.Dispose();
            return known.Result.GetAwaiter().GetResult();
        }
    }

    /// <summary>Nobody wants the result any more.</summary>
    public void Stop(EmergencyPatch patch)
    {
        lock (gate)
        {
            if (measurements.TryGetValue(patch.Metadata.Uid, out var known))
            {
                Drop(patch.Metadata.Uid, known);
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var (uid, measurement) in measurements.ToArray())
            {
                Drop(uid, measurement);
            }
        }
    }

    private Measurement Start(EmergencyPatch patch, string id, Func<CancellationToken, Task<T>> read)
    {
        var measurement = new Measurement(id);
        measurements[patch.Metadata.Uid] = measurement;
        measurement.Run(read, time, () => queue.Enqueue(ObjectKey.Of(patch)));
        return measurement;
    }

    private void Drop(string uid, Measurement measurement)
    {
        measurements.Remove(uid);
        measurement.Cancel();
    }

    private sealed class Measurement(string id) : IDisposable
    {
        private readonly CancellationTokenSource cancellation = new();
        private DateTimeOffset? endedAt;

        public string Id { get; } = id;

        public Task<T> Result { get; private set; } = null!;

        public bool IsSpoilt(DateTimeOffset now) => Result.IsCompleted && (endedAt + LongestShelfLife < now || Result.IsCanceled);

        public void Run(Func<CancellationToken, Task<T>> read, TimeProvider time, Action wake)
        {
            Result = ReadAsync();
            if (!Result.IsCompleted)
            {
                _ = Result.ContinueWith(_ => wake(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            async Task<T> ReadAsync()
            {
                try
                {
                    return await read(cancellation.Token);
                }
                finally
                {
                    endedAt = time.GetUtcNow();
                }
            }
        }

        public void Cancel()
        {
            cancellation.Cancel();
            _ = Result.ContinueWith(ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        public void Dispose() => cancellation.Dispose();
    }
}
