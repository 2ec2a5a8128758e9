using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Traffic;

public sealed record FrontDoorOptions
{
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Zero takes a free port; see <see cref="FrontDoor.BaseAddress"/>.</summary>
    public int Port { get; init; }

    /// <summary>Which port of the Service; null is its first.</summary>
    public string? PortName { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Makes the choice of endpoints repeatable.</summary>
    public int? Seed { get; init; }
}

/// <summary>
/// Plays kube-proxy and a load balancer: each request goes to a random ready endpoint of one Service.
/// Nothing is retried, so a client sees every failure a pod causes: 502 when it cannot be reached, 503 when there is none.
/// </summary>
public sealed class FrontDoor : IAsyncDisposable
{
    // They speak of one connection, not of the message (RFC 9110, 7.6.1).
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Authenticate", "Proxy-Authorization",
    };

    private readonly WebApplication _app;
    private readonly ServiceEndpoints _endpoints;
    private readonly HttpMessageInvoker _client;
    private readonly Random _random;
    private readonly TrafficCounter _counter = new();

    private FrontDoor(WebApplication app, ServiceEndpoints endpoints, FrontDoorOptions options)
    {
        _app = app;
        _endpoints = endpoints;
        _random = options.Seed is { } seed ? new(seed) : new();
        _client = new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectTimeout,
        });
    }

    public Uri BaseAddress { get; private set; } = new("http://127.0.0.1");

    public int ReadyEndpoints => _endpoints.Ready.Count;

    public TrafficSnapshot Snapshot() => _counter.Snapshot();

    public static async Task<FrontDoor> StartAsync(
        IObjectStore store, string ns, string service, FrontDoorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(options.Address, options.Port);
        });
        var app = builder.Build();
        var door = new FrontDoor(app, new(store, ns, service, options.PortName), options);
        app.Run(door.ForwardAsync);
        await app.StartAsync(cancellationToken);
        door.BaseAddress = new(app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        return door;
    }

    public async ValueTask DisposeAsync()
    {
        _endpoints.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (Choose() is not { } endpoint)
        {
            _counter.CountWithoutEndpoint();
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var request = Request(context, endpoint);
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException)
        {
            _counter.Count(endpoint, StatusCodes.Status502BadGateway);
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }
        catch (OperationCanceledException)
        {
            // Either the client went away (499, as nginx calls it) or the connect timeout struck.
            var status = context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest : StatusCodes.Status502BadGateway;
            _counter.Count(endpoint, status);
            context.Response.StatusCode = status;
            return;
        }

        using (response)
        {
            _counter.Count(endpoint, (int)response.StatusCode);
            await AnswerAsync(context, response);
        }
    }

    private ServiceEndpoint? Choose()
    {
        var ready = _endpoints.Ready;
        if (ready.Count == 0)
        {
            return null;
        }

        lock (_random)
        {
            return ready[_random.Next(ready.Count)];
        }
    }

    private static HttpRequestMessage Request(HttpContext context, ServiceEndpoint endpoint)
    {
        var incoming = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.StartsWith('/') ? target : $"{incoming.Path}{incoming.QueryString}";
        var request = new HttpRequestMessage(new(incoming.Method), new Uri($"http://{endpoint.Ip}:{endpoint.Port}{path}"));
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            request.Content = new StreamContent(incoming.Body);
        }

        foreach (var (name, values) in incoming.Headers)
        {
            if (!HopByHop.Contains(name) && !request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return request;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage response)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!HopByHop.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        try
        {
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            // Headers are out: the only honest answer left is a broken connection.
            context.Abort();
        }
    }
}
