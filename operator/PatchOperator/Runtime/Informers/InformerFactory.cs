using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>Starts informers when the first lease is taken and stops them a while after the last was returned.</summary>
internal sealed class InformerFactory(
    ApiTransport transport, InformerOptions options, LoopSupervisor loops, RuntimeHealth health, RuntimeMetrics metrics, TimeProvider time,
    Func<double> random, ILoggerFactory logging) : IInformerFactory, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Path, string? Labels, string? Fields), Entry> informers = [];
    private readonly ILogger logger = logging.CreateLogger<InformerFactory>();
    private bool disposed;

    /// <summary>How many informers run, lingering ones included.</summary>
    public int Running
    {
        get
        {
            lock (gate)
            {
                return informers.Count;
            }
        }
    }

    public IInformerLease<T> Shared<T>(ResourceType<T> type, string? ns = null, string? labelSelector = null, string? fieldSelector = null)
        where T : class, IResource
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            var key = (type.CollectionPath(ns), labelSelector, fieldSelector);
            if (!informers.TryGetValue(key, out var shared))
            {
                informers[key] = shared = Start(type, ns, labelSelector is null && fieldSelector is null ? null : new Selector(labelSelector, fieldSelector));
            }

            if (shared.Informer is not Informer<T> informer)
            {
                throw new InvalidOperationException($"{type} is watched already as another type than {typeof(T).Name}");
            }

            shared.Leases++;
            shared.Linger?.Dispose();
            shared.Linger = null;
            return new Lease<T>(informer, () => Return(key, shared));
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Entry> all;
        lock (gate)
        {
            disposed = true;
            all = [.. informers.Values];
            informers.Clear();
        }

        foreach (var shared in all)
        {
            await shared.StopAsync(health);
        }
    }

    private Entry Start<T>(ResourceType<T> type, string? ns, Selector? selector)
        where T : class, IResource
    {
        var informer = new Informer<T>(type, ns, selector, metrics, logger);
        var reflector = new Reflector<T>(informer, transport, options, metrics, time, random, logger);
        var stop = new CancellationTokenSource();
        health.Add(reflector);
        return new Entry(informer, reflector, stop, loops.RunAsync($"informer {type}", reflector.RunAsync, stop.Token));
    }

    private void Return((string Path, string? Labels, string? Fields) key, Entry shared)
    {
        lock (gate)
        {
            shared.Leases--;
            if (shared.Leases == 0 && !disposed)
            {
                shared.Linger = time.CreateTimer(_ => StopIdle(key, shared), null, options.Linger, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void StopIdle((string Path, string? Labels, string? Fields) key, Entry shared)
    {
        lock (gate)
        {
            // Taken again in the moment the timer fired, or stopped already.
            if (shared.Leases > 0 || shared.Linger is null || !informers.Remove(key))
            {
                return;
            }

            shared.Linger.Dispose();
            shared.Linger = null;
        }

        // Ends by itself; the loop's end is not waited for because nobody reads the copy any more.
        _ = shared.StopAsync(health);
    }

    private sealed class Entry(object informer, IInformerHealth reflector, CancellationTokenSource stop, Task loop)
    {
        public object Informer { get; } = informer;

        public int Leases { get; set; }

        public ITimer? Linger { get; set; }

        public async Task StopAsync(RuntimeHealth health)
        {
            health.Remove(reflector);
            Linger?.Dispose();
            await stop.CancelAsync();
            await loop;
            stop.Dispose();
        }
    }

    private sealed class Lease<T>(Informer<T> informer, Action onReturn) : IInformerLease<T>
        where T : class, IResource
    {
        private Action? onReturn = onReturn;

        public IInformer<T> Informer { get; } = informer;

        public void Dispose() => Interlocked.Exchange(ref onReturn, null)?.Invoke();
    }
}
