using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One watch answer: filters the changes, turns them into events and writes them line by line.</summary>
internal sealed class WatchStream(WatchHub hub, WatchSession session, ResourceKind kind, WatchParameters parameters, ApiServerOptions options)
{
    public WatchSession Session => session;

    public async Task RunAsync(HttpContext http)
    {
        using var closing = parameters.Timeout is { } timeout
            ? options.TimeProvider.CreateTimer(_ => session.Close(), null, timeout, Timeout.InfiniteTimeSpan)
            : null;
        using var bookmarks = parameters.Bookmarks
            ? options.TimeProvider.CreateTimer(_ => hub.Bookmark(session), null, options.BookmarkInterval, options.BookmarkInterval)
            : null;
        try
        {
            http.Response.ContentType = "application/json";
            http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            await http.Response.StartAsync(http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            while (await session.Messages.WaitToReadAsync(http.RequestAborted))
            {
                // One flush for what has piled up: a thousand changes are not a thousand packets.
                while (session.Messages.TryRead(out var sent))
                {
                    if (Left(sent.SentAt) is { Ticks: > 0 } left)
                    {
                        await http.Response.Body.FlushAsync(http.RequestAborted);
                        await Task.Delay(left, options.TimeProvider, http.RequestAborted);
                    }

                    if (Event(sent.Message) is { } line)
                    {
                        await http.Response.Body.WriteAsync(line, http.RequestAborted);
                    }
                }

                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The client left.
        }
        finally
        {
            hub.Remove(session);
        }
    }

    /// <summary>How long a message is still under way on a slow line.</summary>
    private TimeSpan Left(long sentAt) => hub.Lag - options.TimeProvider.GetElapsedTime(sentAt);

    private byte[]? Event(WatchMessage message) => message switch
    {
        WatchMessage.Changed changed => Event(changed.Change),
        WatchMessage.Bookmark bookmark => parameters.Bookmarks || bookmark.EndsInitialEvents ? Bookmark(bookmark) : null,
        WatchMessage.Failed failed => Line("ERROR", failed.Error.ToStatus()),
        _ => throw new InvalidOperationException("unknown message"),
    };

    private byte[]? Event(Change change)
    {
        var now = change.Now.Value;
        if (parameters.Namespace is { } ns && now.Namespace() != ns)
        {
            return null;
        }

        // To a selective watcher an object appears and disappears as it enters and leaves the selection.
        var matches = change.Type != StoreEventType.Deleted && parameters.Selector.Matches(now);
        var matched = change.Before is { } before && parameters.Selector.Matches(before.Value);
        var type = (matched, matches) switch
        {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => null,
        };
        if (type is null)
        {
            return null;
        }

        return parameters.Table is { } table
            ? Line(type, table.Print([now], new JsonObject { ["resourceVersion"] = $"{change.Revision}" }))
            : [.. Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), .. change.Now.Json, (byte)'}', (byte)'\n'];
    }

    private byte[] Bookmark(WatchMessage.Bookmark bookmark)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{bookmark.Revision}", ["creationTimestamp"] = null };
        if (bookmark.EndsInitialEvents)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        return parameters.Table is { } table
            ? Line("BOOKMARK", table.Print([], metadata))
            : Line("BOOKMARK", new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata });
    }

    private static byte[] Line(string type, JsonObject obj) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["object"] = obj }.Compact() + "\n");
}

/// <summary>What a watch request asked for.</summary>
internal sealed record WatchParameters(string? Namespace, Selector Selector, bool Bookmarks, TimeSpan? Timeout, TablePrinter? Table);
