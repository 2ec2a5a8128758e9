using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

/// <summary>A whole runtime on a <see cref="MiniApi"/>, with its own clock.</summary>
internal sealed class Harness : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly IHost host;

    public Harness(DelegatingHandler api, Action<OperatorBuilder>? add = null, Action<OperatorOptions>? configure = null, FakeTimeProvider? time = null)
    {
        Time = time ?? new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero));
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var services = builder.Services;
        services.AddSingleton<TimeProvider>(Time);
        services.AddSingleton(new RuntimeMetrics(Prometheus.Metrics.NewCustomRegistry()));
        services.AddSingleton<Func<double>>(() => 0);
        services.AddLogging(logging => logging.AddProvider(Log));
        var added = services.AddKubernetesOperator(options =>
        {
            options.LeaderElection.Enabled = false;
            configure?.Invoke(options);
        });
        add?.Invoke(added);
        services.AddSingleton(provider => new KubernetesConnection(
            new KubernetesClientConfiguration { Host = "http://mini", Namespace = "operator" }, provider.GetRequiredService<OperatorOptions>(),
            provider.GetRequiredService<RuntimeMetrics>(), Time, [api]));
        host = builder.Build();
    }

    public FakeTimeProvider Time { get; }

    public LogLines Log { get; } = new();

    public IServiceProvider Services => host.Services;

    public IClusterClient Client => Services.GetRequiredService<IClusterClient>();

    public static ObjectKey Key(string name) => new("shop", name);

    public async Task<Harness> StartAsync()
    {
        await host.StartAsync();
        return this;
    }

    public Task StopAsync() => host.StopAsync();

    public Task EndedAsync() => host.WaitForShutdownAsync().WaitAsync(Patience);

    /// <summary>Waits in real time, while the tested clock moves on by <paramref name="step"/> at each look.</summary>
    public async Task EventuallyAsync(Func<bool> condition, TimeSpan step = default, string? because = null)
    {
        var deadline = TimeProvider.System.GetUtcNow() + Patience;
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, (because ?? "The condition never held") + "\n" + string.Join('\n', Log.Lines));
            if (step > TimeSpan.Zero)
            {
                Time.Advance(step);
            }

            await Task.Delay(2);
        }
    }

    /// <summary>Gives everything that could still happen at this time the chance to happen.</summary>
    public static Task SettleAsync() => Task.Delay(60);

    public async ValueTask DisposeAsync()
    {
        // The drain limit and timeouts run on the tested clock, which nobody moves now.
        var stop = host.StopAsync();
        while (!stop.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2);
        }

        await stop;
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }
}

internal sealed class LogLines : ILoggerProvider
{
    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
            {
                return [.. lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(LogLines log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (log.lines)
            {
                log.lines.Add($"{logLevel}: {formatter(state, exception)}");
            }
        }
    }
}
