using System.Collections.Concurrent;
using System.Diagnostics;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <param name="At">When it was sent.</param>
/// <param name="Version">Who answered; null when nobody did.</param>
/// <param name="Status">The status, or the exception.</param>
/// <param name="Path">What was asked for.</param>
internal sealed record Answer(DateTimeOffset At, string? Version, string Status, string Path)
{
    public bool IsGood => Status == "200";
}

/// <summary>People who buy things: every request is a new connection, and every answer is kept.</summary>
internal sealed class Shoppers : IAsyncDisposable
{
    private const int People = 16;
    private static readonly string[] Paths = ["/", "/checkout", "/graphql", "/checkout", "/customer/account"];

    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentQueue<Answer> answers = [];
    private readonly HttpClient client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Task[] people;

    public Shoppers(Uri shop, double requestsPerSecond)
    {
        client.DefaultRequestHeaders.ConnectionClose = true;
        var pause = TimeSpan.FromSeconds(People / requestsPerSecond);
        people = [.. Enumerable.Range(0, People).Select(i => Task.Run(() => ShopAsync(shop, i, pause)))];
    }

    public IReadOnlyList<Answer> Answers => [.. answers];

    public IReadOnlyList<Answer> From(string version) => [.. answers.Where(a => a.Version == version)];

    /// <summary>Requests that were not answered well by anyone but the version named.</summary>
    public IReadOnlyList<Answer> FailuresExceptOf(string version) => [.. answers.Where(a => !a.IsGood && a.Version != version)];

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await Task.WhenAll(people);
        client.Dispose();
        closing.Dispose();
    }

    private async Task ShopAsync(Uri shop, int person, TimeSpan pause)
    {
        for (var n = person; !closing.IsCancellationRequested; n++)
        {
            var clock = Stopwatch.StartNew();
            var at = DateTimeOffset.UtcNow;
            var path = Paths[n % Paths.Length];
            try
            {
                using var response = await client.GetAsync(new Uri(shop, path), closing.Token);
                answers.Enqueue(new Answer(at, response.Headers.TryGetValues("X-Storefront-Version", out var version) ? version.First() : null, ((int)response.StatusCode).ToString(), path));
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                answers.Enqueue(new Answer(at, null, exception.GetType().Name + ": " + exception.Message, path));
            }

            var left = pause - clock.Elapsed;
            if (left > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(left, closing.Token));
            }
        }
    }
}
