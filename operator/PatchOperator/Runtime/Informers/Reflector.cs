using System.Text.Json;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

/// <summary>
/// Keeps an informer current: list, then watch from the list's version, for ever. A watch that ends is resumed where it was; one whose version has
/// expired begins with a new list; everything that fails is tried again with a growing delay.
/// </summary>
internal sealed class Reflector<T>(
    Informer<T> informer, ApiTransport transport, InformerOptions options, RuntimeMetrics metrics, TimeProvider time, Func<double> random, ILogger logger)
    : IInformerHealth
    where T : class, IResource
{
    // A watch that lived this long was a good one: its end is no failure.
    private static readonly TimeSpan GoodLife = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PageTimeout = TimeSpan.FromSeconds(60);

    private string? version;
    private int failures;
    private string lastError = "never connected";
    private long disconnectedAt = time.GetTimestamp();
    private volatile bool connected;

    public string? Problem
    {
        get
        {
            if (!informer.HasSynced)
            {
                return $"{informer.Type} is not listed yet: {lastError}";
            }

            return !connected && time.GetElapsedTime(Volatile.Read(ref disconnectedAt)) > options.UnreadyAfter
                ? $"The watch of {informer.Type} is down: {lastError}"
                : null;
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var reason = "start";
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var opened = time.GetTimestamp();
            TimeSpan? askedToWait = null;
            try
            {
                if (version is null)
                {
                    await ListAsync(reason, stop);
                }

                reason = await WatchAsync(stop);
                lastError = $"the watch ended ({reason})";
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception exception)
            {
                var error = (exception as ClusterException)?.Error ?? ApiErrors.FromTransport(exception);
                lastError = error.Message;
                askedToWait = error.RetryAfter;
                reason = error.Kind == ApiErrorKind.Gone ? "expired" : "error";
                if (error.Kind == ApiErrorKind.Invalid || exception is JsonException)
                {
                    // Resuming at the same place would bring the same answer.
                    version = null;
                }

                if (error.Kind != ApiErrorKind.Gone)
                {
                    logger.Log(failures == 0 ? LogLevel.Information : LogLevel.Warning, "Watch of {Resource} failed: {Error}", informer.Type.ToString(), error.Message);
                }
            }

            Disconnected();
            metrics.WatchRestarted(informer.Type, reason);
            if (reason == "expired")
            {
                version = null;
            }

            await PauseAsync(reason, time.GetElapsedTime(opened), askedToWait ?? TimeSpan.Zero, stop);
        }
    }

    private async Task ListAsync(string reason, CancellationToken stop)
    {
        metrics.Relisted(informer.Type, reason);
        List<T> objects = [];
        List<UndecodableObject> unreadable = [];
        var listed = await ObjectList.ReadAsync(GetPageAsync, informer.Type, informer.Namespace, informer.Selector, options.PageSize, Restart, Take, stop);
        informer.Replace(objects, unreadable, listed);
        version = listed;

        void Restart()
        {
            objects.Clear();
            unreadable.Clear();
        }

        void Take(JsonElement item)
        {
            try
            {
                objects.Add(item.Deserialize(informer.Type.Json) ?? throw new JsonException("The object is null"));
            }
            catch (Exception exception) when (exception is JsonException or NotSupportedException or FormatException or InvalidOperationException)
            {
                unreadable.Add(UndecodableObjects.Describe(item, exception.Message));
            }
        }
    }

    private async Task<JsonDocument> GetPageAsync(ApiRequest request, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(PageTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        try
        {
            using var response = await transport.SendAsync(request, either.Token);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            return await JsonDocument.ParseAsync(body, ApiJson.Deep, either.Token);
        }
        catch (OperationCanceledException exception) when (!stop.IsCancellationRequested)
        {
            throw new ClusterException(ApiErrors.TimedOut(PageTimeout), request.ToString(), exception);
        }
    }

    /// <returns>Why the watch ended: <c>closed</c>, <c>silent</c>, <c>deadline</c> or <c>expired</c>.</returns>
    private async Task<string> WatchAsync(CancellationToken stop)
    {
        // Spread, so that not all watches of all replicas end in the same second.
        var timeout = options.WatchTimeout * (1 - (0.2 * random()));
        var request = new ApiRequest(HttpMethod.Get, "watch", informer.Type, informer.Type.CollectionPath(informer.Namespace))
        {
            Query =
            [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version), ("timeoutSeconds", $"{(int)Math.Ceiling(timeout.TotalSeconds)}"),
                ("labelSelector", informer.Selector?.Labels), ("fieldSelector", informer.Selector?.Fields),
            ],
        };

        // The server ends a watch by itself; a connection that died quietly on the way never would.
        using var deadline = new CancellationTokenSource(timeout + TimeSpan.FromSeconds(30), time);
        // It answers with headers at once, whatever there is to tell: one that does not will not.
        using var silence = new CancellationTokenSource(options.OpenLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token, silence.Token);
        var hasSpoken = false;
        try
        {
            using var response = await transport.SendAsync(request, either.Token);
            connected = true;
            silence.CancelAfter(options.SilenceLimit);
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            await foreach (var line in WatchStream.ReadAsync(body, () => silence.CancelAfter(options.SilenceLimit), either.Token))
            {
                hasSpoken = true;
                if (Take(line.RootElement) is { } end)
                {
                    return end;
                }
            }

            return "closed";
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && (silence.IsCancellationRequested || deadline.IsCancellationRequested))
        {
            var why = silence.IsCancellationRequested ? "silent" : "deadline";

            // Kubernetes 1.20 sends no bookmarks of a kind of which nothing changed since the server started: that is no news.
            logger.Log(hasSpoken ? LogLevel.Warning : LogLevel.Information, "Watch of {Resource} went {Reason}; opening it again", informer.Type.ToString(), why);
            return why;
        }
    }

    /// <returns>Null to read on, or why the watch is over.</returns>
    private string? Take(JsonElement line)
    {
        var type = line.GetProperty("type").GetString() ?? "";
        var item = line.GetProperty("object");
        switch (type)
        {
            case "ADDED" or "MODIFIED" or "DELETED":
                // Not so for a bookmark: a server that greets with one and hangs up must not be called in a tight loop.
                failures = 0;
                Resume(informer.Change(type, item));
                return null;
            case "BOOKMARK":
                var reached = item.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "";
                informer.Reached(reached);
                Resume(reached);
                return null;
            case "ERROR":
                var error = ApiErrors.FromStatus(item);
                // The server gave this watch up, and only a list is sure to be answered differently. Other than for an expired version it may be ill: wait.
                version = null;
                return error.Kind == ApiErrorKind.Gone ? "expired" : throw new ClusterException(error, $"WATCH {informer.Type}");
            default:
                // A type this version does not know: nothing can be concluded from it.
                return null;
        }
    }

    private void Resume(string reached)
    {
        if (reached.Length > 0)
        {
            version = reached;
        }
    }

    private void Disconnected()
    {
        if (connected)
        {
            Volatile.Write(ref disconnectedAt, time.GetTimestamp());
            connected = false;
        }
    }

    private async Task PauseAsync(string reason, TimeSpan life, TimeSpan askedToWait, CancellationToken stop)
    {
        // The first end after a sign of life is answered at once; only ends in a row, which no event or long life separates, wait.
        if (reason != "error" && (life >= GoodLife || failures == 0))
        {
            failures = life >= GoodLife ? 0 : 1;
            return;
        }

        failures = Math.Min(failures + 1, 1_000_000);
        var delay = options.Backoff.Delay(failures, random());
        await Task.Delay(delay > askedToWait ? delay : askedToWait, time, stop);
    }
}
