using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Storefront;

(string Path, string Method, string Body, string Type)[] pages =
[
    ("/", "GET", "<html><title>Shop</title><h1>Welcome</h1></html>", "text/html"),
    ("/checkout", "GET", "<html><title>Checkout</title><form id=\"payment\"></form></html>", "text/html"),
    ("/customer/account", "GET", "<html><title>My account</title></html>", "text/html"),
    ("/rest/V1/carts/mine/payment-information", "POST", "\"100000042\"", "application/json"),
    ("/rest/V1/carts/mine/payment-information", "GET", "{\"payment_methods\":[{\"code\":\"checkmo\"}]}", "application/json"),
    ("/graphql", "POST", "{\"data\":{\"cart\":{\"id\":\"42\"}}}", "application/json"),
    ("/graphql", "GET", "{\"data\":{\"cart\":{\"id\":\"42\"}}}", "application/json"),
];

Settings settings;
Behaviour behaviour;
try
{
    settings = Settings.From(args, Environment.GetEnvironmentVariable);
    behaviour = new Behaviour(settings.Deterministic, Environment.ProcessId);
    behaviour.SetFailures(settings.Fail);
    behaviour.SetDelays(settings.Slow);
}
catch (SettingsException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://{settings.Address}:{settings.Port}", $"http://{settings.Address}:{settings.MetricsPort}");
var app = builder.Build();
var meter = new Meter();
var draining = false;
var announced = behaviour.Statuses.Concat([200, 500, 502, 503, 504]).Distinct().ToArray();
foreach (var page in pages)
{
    meter.Announce(page.Path, page.Method, announced);
    app.MapMethods(page.Path, [page.Method], (RequestDelegate)(context => AnswerAsync(context, page.Path, page.Method, page.Body, page.Type)));
}

app.MapGet("/healthz", (RequestDelegate)(context => SayAsync(context, draining || settings.NotReady ? 503 : 200, draining ? "draining" : settings.NotReady ? "not ready" : "ok")));
app.MapGet("/livez", (RequestDelegate)(context => SayAsync(context, 200, "ok")));
app.MapGet("/metrics", (RequestDelegate)(context =>
{
    context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
    return context.Response.WriteAsync(meter.Render());
}));
app.MapPost("/_behaviour", (RequestDelegate)(async context =>
{
    try
    {
        if (context.Request.Query.TryGetValue("fail", out var fail))
        {
            behaviour.SetFailures(fail.ToString());
        }

        if (context.Request.Query.TryGetValue("slow", out var slow))
        {
            behaviour.SetDelays(slow.ToString());
        }

        await SayAsync(context, 200, "changed");
    }
    catch (SettingsException exception)
    {
        await SayAsync(context, 400, exception.Message);
    }
}));

// The endpoints that lead here change a moment after the pod is told to end: whoever still comes is served.
using var terminated = new CancellationTokenSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Terminate);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Terminate);
try
{
    await app.StartAsync();
}
catch (IOException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"storefront {settings.Version} on {settings.Address}:{settings.Port}"));
var crash = settings.CrashAfter ?? Timeout.InfiniteTimeSpan;
try
{
    await Task.Delay(crash, terminated.Token);
    await Console.Error.WriteLineAsync("Told to crash");
    return 3;
}
catch (OperationCanceledException)
{
    await Task.Delay(settings.Drain);
    await app.StopAsync();
    return 0;
}

async Task AnswerAsync(HttpContext context, string path, string method, string body, string type)
{
    var clock = Stopwatch.StartNew();
    var delay = behaviour.DelayOf(path);
    if (delay > TimeSpan.Zero)
    {
        await Task.Delay(delay);
    }

    var status = behaviour.StatusOf(path);
    context.Response.StatusCode = status;
    context.Response.ContentType = type;
    context.Response.Headers["X-Storefront-Version"] = settings.Version;
    context.Response.Headers["X-Storefront-Pod"] = settings.Pod;
    if (draining)
    {
        context.Response.Headers.Connection = "close";
    }

    await context.Response.WriteAsync(status < 400 ? body : "{\"message\":\"Internal error\"}");
    meter.Count(path, method, status, clock.Elapsed);
}

static Task SayAsync(HttpContext context, int status, string text)
{
    context.Response.StatusCode = status;
    return context.Response.WriteAsync(text + "\n");
}

void Terminate(PosixSignalContext context)
{
    context.Cancel = true;
    draining = true;
    terminated.Cancel();
}
