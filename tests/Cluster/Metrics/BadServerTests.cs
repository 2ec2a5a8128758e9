using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using PatchOperator.Domain.Analysis;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>What goes wrong below the answer: each is an outcome with words, and none is ever a count.</summary>
public sealed class BadServerTests : IDisposable
{
    private const string Json = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764000000.781,"5"]}]}}""";

    private readonly HttpClients _clients = new(useProxy: false, TimeProvider.System);

    public void Dispose() => _clients.Dispose();

    [Fact]
    public async Task A_compressed_answer_is_read()
    {
        await using var server = new RawServer((socket, ct) => SendAsync(socket, "Content-Encoding: gzip\r\n", Zip(Encoding.UTF8.GetBytes(Json)), ct));

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server));
    }

    [Fact]
    public async Task A_compressed_answer_that_is_none_is_an_error()
    {
        await using var server = new RawServer((socket, ct) => SendAsync(socket, "Content-Encoding: gzip\r\n", Encoding.UTF8.GetBytes(Json), ct));

        await FailsAsync(server, "cannot be decompressed");
    }

    [Fact]
    public async Task A_small_answer_that_unpacks_to_a_huge_one_is_refused()
    {
        await using var server = new RawServer((socket, ct) => SendAsync(socket, "Content-Encoding: gzip\r\n", Zip(new byte[64 << 20]), ct));

        await FailsAsync(server, "the answer is too large");
    }

    [Theory]
    [InlineData("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"\ud800"]}]}}""")]
    [InlineData("""{"status":"success","data":{"resultType":"gr\u00f6\u00dfe","result":[]}}""")]
    [InlineData("""{"status":"\udc00"}""")]
    public async Task Text_that_is_not_unicode_is_an_error(string json)
    {
        await using var server = new RawServer((socket, ct) => SendAsync(socket, "", Encoding.Latin1.GetBytes(json.Replace("\\u00f6\\u00df", "\u00f6\u00df", StringComparison.Ordinal)), ct));

        await FailsAsync(server, "text that is not Unicode");
    }

    [Fact]
    public async Task An_answer_without_end_is_refused_at_its_limit()
    {
        await using var server = new RawServer(async (socket, ct) =>
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), ct);
            var chunk = new byte[1 << 20];
            while (true)
            {
                await socket.SendAsync(chunk, ct);
            }
        });

        await FailsAsync(server, "the answer is too large");
    }

    [Fact]
    public async Task An_answer_that_is_shorter_than_it_says_is_retried_and_then_an_error()
    {
        await using var server = new RawServer(async (socket, ct) =>
            await socket.SendAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Json.Length}\r\n\r\n{Json[..40]}"), ct));

        await FailsAsync(server, "the request failed", or: "cut the answer short");
        Assert.True(server.Connections > 1);
    }

    [Fact]
    public async Task JSON_that_ends_too_early_is_not_taken_for_another_server()
    {
        await using var server = new RawServer((socket, ct) => SendAsync(socket, "", Encoding.UTF8.GetBytes(Json[..60]), ct));

        await FailsAsync(server, "ends too early");
    }

    [Fact]
    public async Task Something_that_is_not_HTTP_is_an_error()
    {
        await using var server = new RawServer(async (socket, ct) => await socket.SendAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray(), ct));

        await FailsAsync(server, "the request failed");
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_retried_and_the_next_answer_counts()
    {
        var first = 1;
        await using var server = new RawServer(async (socket, ct) =>
        {
            if (Interlocked.Exchange(ref first, 0) == 1)
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                return;
            }

            await SendAsync(socket, "", Encoding.UTF8.GetBytes(Json), ct);
        });

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server));
    }

    [Fact]
    public async Task A_server_that_takes_the_request_and_is_silent_ends_with_the_deadline()
    {
        await using var server = new RawServer((_, ct) => Task.Delay(TimeSpan.FromMinutes(1), ct));

        await FailsAsync(server, "did not answer within 1 s", timeout: TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_server_that_answers_a_byte_at_a_time_ends_with_the_deadline()
    {
        await using var server = new RawServer(async (socket, ct) =>
        {
            foreach (var each in "HTTP/1.1 200 OK\r\nX-Slow: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"u8.ToArray())
            {
                await socket.SendAsync(new[] { each }, ct);
                await Task.Delay(TimeSpan.FromMilliseconds(100), ct);
            }
        });

        await FailsAsync(server, "did not answer within 1 s", timeout: TimeSpan.FromSeconds(1));
    }

    /// <summary>Whatever a server does to a connection may pass: none of it asks the user to change something.</summary>
    private async Task FailsAsync(RawServer server, string expected, string? or = null, TimeSpan? timeout = null)
    {
        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, timeout));

        Assert.True(failed.Message.Contains(expected, StringComparison.Ordinal) || (or is not null && failed.Message.Contains(or, StringComparison.Ordinal)), failed.Message);
        Assert.Contains(server.Address.Authority, failed.Message, StringComparison.Ordinal);
        Assert.False(failed.Terminal);
    }

    private async Task<TrackReading> ReadAsync(RawServer server, TimeSpan? timeout = null)
    {
        var provider = new PrometheusProvider(server.Address, new OpenAccess(_clients.For(TlsMaterial.None)), TimeProvider.System);
        var readings = await provider.ReadAsync(
            new MetricReadRequest
            {
                Namespace = "shop",
                Workloads = ["web"],
                CanaryPods = [new PodTarget("web-canary-a", "10.0.0.1")],
                StablePods = [],
                Window = TimeSpan.FromSeconds(30),
                Metrics = [new MetricQuery { Name = "errors", Failures = "failures", Total = "total" }],
                Timeout = timeout ?? TimeSpan.FromSeconds(15),
                RunId = "run",
            },
            CancellationToken.None);
        return Assert.Single(readings).Canary;
    }

    private static async Task SendAsync(Socket socket, string headers, byte[] body, CancellationToken ct)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {body.Length}\r\n{headers}\r\n"), ct);
        await socket.SendAsync(body, ct);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static byte[] Zip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            zip.Write(content);
        }

        return packed.ToArray();
    }
}
