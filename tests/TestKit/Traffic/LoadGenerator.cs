using System.Net;
using System.Text;

namespace PatchOperator.TestKit.Traffic;

/// <summary>Sends requests at a fixed rate whether or not answers come back (open loop), as shoppers do.</summary>
public sealed class LoadGenerator : IAsyncDisposable
{
    private const int MaxVersions = 100;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);

    private readonly Uri _baseAddress;
    private readonly LoadOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;
    private readonly Random _random;
    private readonly CancellationTokenSource _stopping = new();
    private readonly PathCounter[] _paths;
    private readonly Queue<FailedRequest> _failures = new();
    private readonly Dictionary<string, long> _versions = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start;
    private readonly DateTimeOffset _startTime;
    private readonly Task _loop;
    // The loop itself counts as one, so that zero means stopped and drained.
    private long _open = 1;
    private long _stoppedAt;

    private LoadGenerator(Uri baseAddress, LoadOptions options, TimeProvider clock)
    {
        _baseAddress = baseAddress;
        _options = options;
        _clock = clock;
        _random = options.Seed is { } seed ? new(seed) : new();
        _paths = [.. options.Mix.Select(request => new PathCounter(request))];
        _client = new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = options.NewConnectionPerRequest ? TimeSpan.Zero : TimeSpan.FromMinutes(2),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _start = clock.GetTimestamp();
        _startTime = clock.GetUtcNow();
        _loop = Task.Run(LoopAsync);
    }

    public static LoadGenerator Start(Uri baseAddress, LoadOptions? options = null, TimeProvider? clock = null) =>
        new(baseAddress, options ?? new(), clock ?? TimeProvider.System);

    public LoadSnapshot Snapshot()
    {
        var paths = _paths.Select(path => path.Snapshot()).ToList();
        lock (_failures)
        {
            return new(
                Volatile.Read(ref _stoppedAt) is var end and not 0 ? _clock.GetElapsedTime(_start, end) : _clock.GetElapsedTime(_start),
                paths.Sum(path => path.Sent),
                paths.Sum(path => path.Succeeded),
                paths.Sum(path => path.Failed),
                paths.Sum(path => path.Sent - path.Succeeded - path.Failed),
                paths,
                new Dictionary<string, long>(_versions),
                [.. _failures]);
        }
    }

    /// <summary>Sends no more, waits for the answers that are due (at most the timeout), and returns the final count.</summary>
    public async Task<LoadSnapshot> StopAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        await _drained.Task;
        return Snapshot();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(Tick, _clock);
        long sent = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                // Due by the clock, not by ticks: a late tick sends what it missed.
                var due = (long)(_clock.GetElapsedTime(_start).TotalSeconds * _options.RequestsPerSecond);
                for (; sent < due; sent++)
                {
                    Send(TimeSpan.FromSeconds((sent + 1) / _options.RequestsPerSecond));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        Volatile.Write(ref _stoppedAt, _clock.GetTimestamp());
        Close();
    }

    private void Send(TimeSpan dueAt)
    {
        var index = Pick();
        _paths[index].Sent();
        if (Interlocked.Increment(ref _open) > _options.MaxInFlight)
        {
            Record(index, dueAt, null, "TooManyInFlight", null, null);
            Close();
            return;
        }

        _ = SendAsync(index, dueAt);
    }

    private async Task SendAsync(int index, TimeSpan dueAt)
    {
        try
        {
            var kind = _options.Mix[index];
            using var timeout = new CancellationTokenSource(_options.Timeout, _clock);
            using var request = new HttpRequestMessage(kind.Method, new Uri(_baseAddress, kind.Path));
            if (kind.JsonBody is { } body)
            {
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            var (version, pod) = (Header(response, "X-Storefront-Version"), Header(response, "X-Storefront-Pod"));
            try
            {
                await response.Content.CopyToAsync(Stream.Null, timeout.Token);
                Record(index, dueAt, (int)response.StatusCode, null, version, pod);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                Record(index, dueAt, (int)response.StatusCode, Name(error), version, pod);
            }
        }
        catch (Exception error)
        {
            Record(index, dueAt, null, Name(error), null, null);
        }
        finally
        {
            Close();
        }
    }

    private void Record(int index, TimeSpan dueAt, int? status, string? error, string? version, string? pod)
    {
        var elapsed = _clock.GetElapsedTime(_start) - dueAt;
        var success = error is null && status < (int)HttpStatusCode.BadRequest;
        _paths[index].Completed(status, success, elapsed);
        if (success && version is null)
        {
            return;
        }

        lock (_failures)
        {
            if (version is not null && (_versions.Count < MaxVersions || _versions.ContainsKey(version)))
            {
                _versions[version] = _versions.GetValueOrDefault(version) + 1;
            }

            if (!success)
            {
                var kind = _options.Mix[index];
                _failures.Enqueue(new(_startTime + dueAt, kind.Method.Method, kind.Path, status, error, version, pod, elapsed));
                if (_failures.Count > _options.MaxFailuresKept)
                {
                    _failures.Dequeue();
                }
            }
        }
    }

    private int Pick()
    {
        var point = _random.NextDouble() * _options.Mix.Sum(request => request.Weight);
        for (var index = 0; index < _options.Mix.Count - 1; index++)
        {
            point -= _options.Mix[index].Weight;
            if (point < 0)
            {
                return index;
            }
        }

        return _options.Mix.Count - 1;
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _drained.TrySetResult();
        }
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static string Name(Exception error) => error switch
    {
        OperationCanceledException => "Timeout",
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http => http.HttpRequestError.ToString(),
        _ => error.GetType().Name,
    };
}
