using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PatchOperator.Admission;
using Xunit;

namespace PatchOperator.Tests.Unit.Admission;

/// <summary>A certificate that cert-manager renews: the kubelet swaps the folder behind <c>..data</c>, and new connections get what is there.</summary>
public sealed class MountedCertificateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mounted").FullName;
    private readonly ServingCertificate serving = new(TimeProvider.System);
    private readonly Lines log = new();
    private readonly MountedCertificate mounted;
    private int renewals;

    public MountedCertificateTests() =>
        mounted = new MountedCertificate(new AdmissionSettings { Certificates = folder }, serving, new LoggerFactory([log]).CreateLogger<MountedCertificate>());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_renewed_certificate_is_served_to_new_connections_without_a_restart()
    {
        var (first, second) = (Pair(), Pair());
        Mount(first.Certificate, first.Key);
        mounted.Read();
        Assert.Equal(Subject(first), await ServedAsync());
        mounted.Read();
        Assert.Single(log.Written);

        Mount(second.Certificate, second.Key);
        Assert.Equal(Subject(first), await ServedAsync());
        mounted.Read();
        Assert.Equal(Subject(second), await ServedAsync());
        Assert.Equal(2, log.Written.Count);
    }

    [Fact]
    public async Task Half_a_pair_and_rubbish_leave_the_old_one_and_are_told()
    {
        var (first, second) = (Pair(), Pair());
        Mount(first.Certificate, first.Key);
        mounted.Read();
        foreach (var (certificate, key) in ((string, string)[])[(second.Certificate, first.Key), (second.Certificate, ""), ("", second.Key), ("no PEM", "no PEM"), (second.Certificate[..200], second.Key)])
        {
            log.Written.Clear();
            Mount(certificate, key);
            mounted.Read();
            Assert.Contains("cannot be read", Assert.Single(log.Written), StringComparison.Ordinal);
            Assert.DoesNotContain("PRIVATE KEY", log.Written[0], StringComparison.Ordinal);
            Assert.Equal(Subject(first), await ServedAsync());
        }

        Directory.Delete(Path.Combine(folder, "..data"));
        mounted.Read();
        Assert.Equal(Subject(first), await ServedAsync());
        Mount(second.Certificate, second.Key);
        mounted.Read();
        Assert.Equal(Subject(second), await ServedAsync());
    }

    [Fact]
    public void Without_a_file_there_is_nothing_to_serve_and_readiness_says_so()
    {
        mounted.Read();
        Assert.Null(serving.Current);
        Assert.NotNull(serving.Problem);
        Assert.Single(log.Written);
    }

    private static KeyPair Pair() => CertificateMaker.Authority(TimeProvider.System.GetUtcNow());

    private static string Subject(KeyPair pair)
    {
        using var certificate = X509Certificate2.CreateFromPem(pair.Certificate);
        return certificate.Subject;
    }

    private void Mount(string certificate, string key)
    {
        var version = $"..{++renewals}";
        Directory.CreateDirectory(Path.Combine(folder, version));
        File.WriteAllText(Path.Combine(folder, version, "tls.crt"), certificate);
        File.WriteAllText(Path.Combine(folder, version, "tls.key"), key);
        var data = Path.Combine(folder, "..data");
        if (Directory.Exists(data))
        {
            Directory.Delete(data);
        }

        Directory.CreateSymbolicLink(data, version);
        foreach (var file in (string[])["tls.crt", "tls.key"])
        {
            if (renewals == 1)
            {
                File.CreateSymbolicLink(Path.Combine(folder, file), Path.Combine("..data", file));
            }
        }
    }

    /// <summary>Subject of what a client of a new connection is shown, chosen as the webhooks' server chooses it.</summary>
    private async Task<string> ServedAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = AcceptAsync(listener);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var shown = "";
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = certificate!.Subject).Length > 0,
            },
            TestContext.Current.CancellationToken);
        await accepting;
        return shown;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        using var server = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var tls = new SslStream(server.GetStream());
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateSelectionCallback = (_, _) => serving.Current! }, TestContext.Current.CancellationToken);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public List<string> Written { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Written.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
