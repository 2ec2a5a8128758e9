using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>A real HTTP server on a free port whose answers the test decides, and which remembers what it was asked.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubServer(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Path, string Query, string? Time)> Requests { get; } = new();

    public Uri Address { get; private set; } = null!;

    public int Port => Address.Port;

    /// <param name="answer">Gets the address that was called, and the PromQL query (empty where none was posted); returns status and body.</param>
    /// <param name="address">Address to listen on; the port 0 takes a free one.</param>
    public static async Task<StubServer> StartAsync(Func<string, string, CancellationToken, Task<(int Status, string Body)>> answer, string address = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        var server = new StubServer(app);
        app.Run(async context =>
        {
            var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
            server.Requests.Enqueue((context.Request.Path, form["query"].ToString(), form["time"]));
            var (status, body) = await answer(context.Request.Host.Host, form["query"].ToString(), context.RequestAborted);
            context.Response.StatusCode = status;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
        });
        await app.StartAsync();
        server.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    public static Task<StubServer> StartAsync(Func<string, (int Status, string Body)> answer) =>
        StartAsync((_, query, _) => Task.FromResult(answer(query)));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
