using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace PatchOperator.Tests.Cluster.Notifications;

/// <summary>A real HTTP server that notes what it is told and answers as a test wants.</summary>
internal sealed class ReceiverServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ReceiverServer(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<Told> All { get; } = new();

    /// <summary>Status and the header Retry-After, by path.</summary>
    public Func<string, (int Status, string? RetryAfter)> Answer { get; set; } = _ => (200, null);

    /// <summary>Paths that never get an answer.</summary>
    public Func<string, bool> Hangs { get; set; } = _ => false;

    /// <summary>Those that were answered with success.</summary>
    public IReadOnlyList<Told> Of(string path) => [.. All.Where(t => t.Path == path && t.Status < 300)];

    public static async Task<ReceiverServer> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var server = new ReceiverServer(app);
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            var path = context.Request.Path.Value!;
            if (server.Hangs(path))
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            }

            var (status, retryAfter) = server.Answer(path);
            server.All.Enqueue(new Told(path, body, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), context.Request.ContentType, status));
            context.Response.StatusCode = status;
            if (retryAfter is not null)
            {
                context.Response.Headers.RetryAfter = retryAfter;
            }

            await context.Response.WriteAsync("ok", context.RequestAborted);
        });
        await app.StartAsync();
        server.Address = new Uri(app.Urls.Single());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

internal sealed record Told(string Path, string Body, IReadOnlyDictionary<string, string> Headers, string? ContentType, int Status)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}
