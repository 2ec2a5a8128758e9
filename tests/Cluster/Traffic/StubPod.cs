using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace PatchOperator.Tests.Cluster.Traffic;

/// <summary>A web server on a loopback address of its own, in the place of a pod's process.</summary>
internal sealed class StubPod : IAsyncDisposable
{
    public const int Port = 8080;

    // Apart from the addresses that process pods take, which count up from the same network.
    private static int s_last;
    private readonly WebApplication _app;

    private StubPod(WebApplication app, string ip) => (_app, Ip) = (app, ip);

    public string Ip { get; }

    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentDictionary<string, bool> Connections { get; } = new();

    public static string NewIp() => $"127.{2 + (Environment.ProcessId % 200)}.254.{Interlocked.Increment(ref s_last)}";

    public static async Task<StubPod> StartAsync(Func<HttpContext, Task>? answer = null, string? ip = null)
    {
        ip ??= NewIp();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(ip), Port));
        var app = builder.Build();
        var pod = new StubPod(app, ip);
        app.Run(async context =>
        {
            pod.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            pod.Connections.TryAdd(context.Connection.Id, true);
            await (answer?.Invoke(context) ?? Task.CompletedTask);
        });
        await app.StartAsync();
        return pod;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
