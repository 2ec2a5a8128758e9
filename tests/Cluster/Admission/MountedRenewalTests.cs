using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PatchOperator.Admission;
using PatchOperator.TestKit;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>A certificate in a Secret volume, renewed as the kubelet does it, at the server that answers the webhooks.</summary>
public sealed class MountedRenewalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mounted").FullName;
    private int versions;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Every_connection_gets_a_whole_certificate_and_those_after_a_renewal_the_new_one_without_a_restart()
    {
        Write(Pair("first"));
        foreach (var file in (string[])["tls.crt", "tls.key"])
        {
            File.CreateSymbolicLink(Path.Combine(folder, file), Path.Combine("..data", file));
        }

        await using var town = await Town.FoundAsync(new FastClock(20));
        town.Api.Store.Create(new ResourceName("", "v1", "secrets"), Town.Json("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"patch-operator-admission","namespace":"patch-operator-system"}}"""));
        await town.StartOperatorAsync(admission: Gatehouse.Settings with { Certificates = folder });
        await town.UntilAsync(() => town.AdmissionPort is not null && town.Service<ServingCertificate>().Problem is null, "there is something to serve");
        var shown = new ConcurrentQueue<string>();
        await UntilAsync(town, shown, "CN=first");
        using var before = Client(shown);
        await AskAsync(town, before);

        foreach (var renewal in (string[])["second", "third"])
        {
            Write(Pair(renewal));
            shown.Clear();
            await UntilAsync(town, shown, $"CN={renewal}");
            var certificates = shown.ToArray();
            Assert.Single(certificates.Zip(certificates.Skip(1)), pair => pair.First != pair.Second);
        }

        // A connection from before goes on: nothing was started anew.
        shown.Clear();
        await AskAsync(town, before);
        Assert.Empty(shown);
    }

    /// <summary>As the kubelet's atomic writer: a new folder with a time in its name, a link to it under another name, and one rename over the link that is there.</summary>
    private void Write((string Certificate, string Key) pair)
    {
        var version = $"..2026_11_23_09_00_0{++versions}.42";
        Directory.CreateDirectory(Path.Combine(folder, version));
        File.WriteAllText(Path.Combine(folder, version, "tls.crt"), pair.Certificate);
        File.WriteAllText(Path.Combine(folder, version, "tls.key"), pair.Key);
        string link = Path.Combine(folder, "..data_tmp"), data = Path.Combine(folder, "..data");
        var old = new DirectoryInfo(data).LinkTarget;
        Directory.CreateSymbolicLink(link, version);
        using (var move = Process.Start("mv", ["-T", link, data]))
        {
            move.WaitForExit();
            Assert.Equal(0, move.ExitCode);
        }

        Assert.Equal(version, new DirectoryInfo(data).LinkTarget);
        if (old is not null)
        {
            Directory.Delete(Path.Combine(folder, old), recursive: true);
        }
    }

    /// <summary>New connections, one after the other, until one is shown this; each must be answered.</summary>
    private static async Task UntilAsync(Town town, ConcurrentQueue<string> shown, string subject)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (shown.LastOrDefault() != subject)
        {
            using var client = Client(shown);
            await AskAsync(town, client);
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    private static async Task AskAsync(Town town, HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{town.AdmissionPort}/"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static HttpClient Client(ConcurrentQueue<string> shown) => new(new SocketsHttpHandler
    {
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                shown.Enqueue(certificate!.Subject);
                return certificate.Subject.StartsWith("CN=", StringComparison.Ordinal);
            },
        },
    });

    private static (string Certificate, string Key) Pair(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
