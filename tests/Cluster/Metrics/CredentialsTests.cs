using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>Against real servers: what they are shown, what they refuse, and that nothing of it is ever told on.</summary>
public sealed class CredentialsTests : IDisposable
{
    private const string Token = "planted-token-4711";
    private const string Value = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764000000.781,"5"]}]}}""";

    private readonly ConcurrentDictionary<string, SecretResource> _secrets = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly TestCertificates _certificates = new();
    private readonly MetricProviders _providers;
    private int _secretReads;
    private ApiErrorKind? _apiProblem;

    public CredentialsTests()
    {
        _providers = new MetricProviders(new Secrets(FindAsync, _time), TimeProvider.System);
        Plant("token", ("token", Token));
    }

    public void Dispose()
    {
        _providers.Dispose();
        _certificates.Dispose();
    }

    [Fact]
    public async Task A_bearer_token_is_sent_without_the_line_end_of_the_file_it_came_from()
    {
        Plant("token", ("token", Token + "\n"));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null));

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, Bearer()));

        Assert.All(server.Requests, request => Assert.Equal($"Bearer {Token}", request.Authorization.ToString()));
    }

    [Fact]
    public async Task User_and_password_are_sent_as_basic_authentication_and_headers_come_on_top()
    {
        Plant("basic", ("username", "shop"), ("password", "pa:ss wörd"));
        Plant("extra", ("org", "tenant-7"));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null));

        await ReadAsync(server, new PrometheusProviderSpec
        {
            Auth = new() { BasicSecretRef = new() { Name = "basic" } },
            Headers = [new() { Name = "X-Scope-OrgID", ValueSecretRef = new() { Name = "extra", Key = "org" } }, new() { Name = "X-Team", Value = "sre" }],
        });

        Assert.All(server.Requests, request =>
        {
            Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("shop:pa:ss wörd")), request.Authorization.ToString());
            Assert.Equal(("tenant-7", "sre"), (request["X-Scope-OrgID"].ToString(), request["X-Team"].ToString()));
        });
    }

    [Fact]
    public async Task A_server_is_trusted_by_the_authority_that_the_spec_names_and_shown_the_clients_certificate()
    {
        using var client = _certificates.Issue("patch-operator");
        Plant("ca", ("ca.crt", _certificates.AuthorityPem));
        Plant("client", ("tls.crt", client.ExportCertificatePem()), ("tls.key", TestCertificates.KeyPem(client)));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), _certificates.Issue("prometheus.test"), _certificates);

        var reading = await ReadAsync(server, new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" }, ClientCertificateSecretRef = new() { Name = "client" } } });

        Assert.Equal(new TrackReading.Counts(5, 5), reading);
        Assert.Contains("CN=patch-operator", server.ClientCertificates);
    }

    [Fact]
    public async Task A_server_of_an_unknown_authority_is_told_nothing()
    {
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), _certificates.Issue("prometheus.test"));

        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, Bearer()));

        Assert.Contains("TLS handshake failed", failed.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task The_name_in_the_certificate_must_be_the_one_that_the_spec_gives()
    {
        Plant("ca", ("ca.crt", _certificates.AuthorityPem));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), _certificates.Issue("other.test"));

        var wrong = await ReadAsync(server, new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" } } });
        var right = await ReadAsync(server, new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" }, ServerName = "other.test" } });

        Assert.Contains("TLS handshake failed", Assert.IsType<TrackReading.Failed>(wrong).Message, StringComparison.Ordinal);
        Assert.Equal(new TrackReading.Counts(5, 5), right);
    }

    [Fact]
    public async Task A_redirect_is_never_followed_with_credentials_or_without()
    {
        await using var thief = await SecureServer.StartAsync(_ => (200, Value, null));
        await using var server = await SecureServer.StartAsync(_ => (307, "", thief.Address.ToString()));

        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, Bearer()));

        Assert.True(failed.Terminal);
        Assert.Contains("redirects elsewhere (HTTP 307)", failed.Message, StringComparison.Ordinal);
        Assert.Empty(thief.Requests);
    }

    [Fact]
    public async Task A_rotated_token_is_used_after_the_old_one_was_refused_and_otherwise_within_seconds()
    {
        await using var server = await SecureServer.StartAsync(headers => headers.Authorization == "Bearer second-token" ? (200, Value, null) : (401, "", null));
        Assert.IsType<TrackReading.Failed>(await ReadAsync(server, Bearer()));
        Plant("token", ("token", "second-token"));

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, Bearer()));

        Plant("token", ("token", "third-token"));
        await ReadAsync(server, Bearer());
        Assert.Equal("Bearer second-token", server.Requests.Last().Authorization.ToString());
        _time.Advance(Secrets.Freshness);
        await ReadAsync(server, Bearer());
        Assert.Equal("Bearer third-token", server.Requests.Last().Authorization.ToString());
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_rotated_password_and_a_rotated_header_are_used_like_a_rotated_token(int refusal)
    {
        Plant("basic", ("username", "shop"), ("password", "first"));
        Plant("extra", ("org", "tenant-1"));
        var spec = new PrometheusProviderSpec
        {
            Auth = new() { BasicSecretRef = new() { Name = "basic" } },
            Headers = [new() { Name = "X-Scope-OrgID", ValueSecretRef = new() { Name = "extra", Key = "org" } }],
        };
        await using var server = await SecureServer.StartAsync(headers => headers.Authorization == Basic("second") && headers["X-Scope-OrgID"] == "tenant-2" ? (200, Value, null) : (refusal, "", null));
        Assert.IsType<TrackReading.Failed>(await ReadAsync(server, spec));
        Plant("basic", ("username", "shop"), ("password", "second"));
        Plant("extra", ("org", "tenant-2"));

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));

        Plant("basic", ("username", "shop"), ("password", "third"));
        Plant("extra", ("org", "tenant-3"));
        _time.Advance(Secrets.Freshness);
        await ReadAsync(server, spec);
        Assert.Equal((Basic("third"), "tenant-3"), (server.Requests.Last().Authorization.ToString(), server.Requests.Last()["X-Scope-OrgID"].ToString()));

        static string Basic(string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("shop:" + password));
    }

    [Fact]
    public async Task A_rotated_authority_is_trusted_at_the_next_tick_and_the_one_before_no_longer()
    {
        using var renewed = new TestCertificates();
        using var first = _certificates.Issue("prometheus.test");
        using var second = renewed.Issue("prometheus.test");
        var spec = new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" } } };
        Plant("ca", ("ca.crt", _certificates.AuthorityPem));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), first);
        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));

        server.Certificate = second;
        var early = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, spec));
        Assert.Contains("TLS handshake failed", early.Message, StringComparison.Ordinal);
        Assert.False(early.Terminal);

        Plant("ca", ("ca.crt", renewed.AuthorityPem));
        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));

        // Whoever still has a certificate of the authority that was given up is told nothing.
        var told = server.Requests.Count;
        server.Certificate = first;
        Assert.Contains("TLS handshake failed", Assert.IsType<TrackReading.Failed>(await ReadAsync(server, spec)).Message, StringComparison.Ordinal);
        Assert.Equal(told, server.Requests.Count);
    }

    [Fact]
    public async Task Two_authorities_in_one_Secret_are_both_trusted_while_servers_change_over()
    {
        using var renewed = new TestCertificates();
        using var first = _certificates.Issue("prometheus.test");
        using var second = renewed.Issue("prometheus.test");
        Plant("ca", ("ca.crt", _certificates.AuthorityPem + "\n" + renewed.AuthorityPem));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), first);

        foreach (var certificate in (X509Certificate2[])[first, second])
        {
            server.Certificate = certificate;
            Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" } } }));
        }
    }

    [Fact]
    public async Task A_rotated_client_certificate_is_shown_within_seconds_and_a_revoked_one_gets_no_numbers()
    {
        using var first = _certificates.Issue("operator-first");
        using var second = _certificates.Issue("operator-second");
        using var own = _certificates.Issue("prometheus.test");
        var spec = new PrometheusProviderSpec { Tls = new() { CaSecretRef = new() { Name = "ca" }, ClientCertificateSecretRef = new() { Name = "client" } } };
        Plant("ca", ("ca.crt", _certificates.AuthorityPem));
        Plant("client", ("tls.crt", first.ExportCertificatePem()), ("tls.key", TestCertificates.KeyPem(first)));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), own, _certificates);
        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));
        Assert.All(server.ClientCertificates, subject => Assert.Equal("CN=operator-first", subject));

        // Both certificates are valid for a while, as cert-manager renews them.
        Plant("client", ("tls.crt", second.ExportCertificatePem()), ("tls.key", TestCertificates.KeyPem(second)));
        _time.Advance(Secrets.Freshness);
        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));
        Assert.Equal("CN=operator-second", server.ClientCertificates.Last());

        server.Admits = client => _certificates.Issued(client) && client.Thumbprint != second.Thumbprint;
        var asked = server.Requests.Count;
        var refused = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, spec));
        Assert.DoesNotContain("PRIVATE KEY", refused.Message, StringComparison.Ordinal);
        Assert.Equal((false, asked), (refused.Terminal, server.Requests.Count));

        using var third = _certificates.Issue("operator-third");
        Plant("client", ("tls.crt", third.ExportCertificatePem()), ("tls.key", TestCertificates.KeyPem(third)));

        // Nobody waits until what is known grows old: the refusal says that it is.
        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, spec));
        Assert.Equal("CN=operator-third", server.ClientCertificates.Last());
    }

    [Fact]
    public async Task Secrets_are_not_read_at_every_tick_and_a_silent_API_server_does_not_blind_the_analysis()
    {
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null));
        await ReadAsync(server, Bearer());
        await ReadAsync(server, Bearer());
        Assert.Equal(1, _secretReads);

        _apiProblem = ApiErrorKind.Unavailable;
        _time.Advance(Secrets.Freshness);

        Assert.Equal(new TrackReading.Counts(5, 5), await ReadAsync(server, Bearer()));
    }

    [Theory]
    [InlineData("gone", "Secret token does not exist in namespace shop", true)]
    [InlineData("forbidden", "chart's value credentials", true)]
    [InlineData("unavailable", "Secret token could not be read", false)]
    [InlineData("wrong key", "no text under the key token (its keys: password)", true)]
    [InlineData("two lines", "holds what no header can carry", true)]
    [InlineData("no text", "no text under the key token", true)]
    public async Task Credentials_that_cannot_be_had_say_what_to_do_and_nothing_is_asked(string what, string expected, bool terminal)
    {
        switch (what)
        {
            case "gone":
                _secrets.Clear();
                break;
            case "forbidden":
                _apiProblem = ApiErrorKind.Forbidden;
                break;
            case "unavailable":
                _apiProblem = ApiErrorKind.Unavailable;
                break;
            case "wrong key":
                Plant("token", ("password", Token));
                break;
            case "two lines":
                Plant("token", ("token", Token + "\nX-Evil: 1"));
                break;
            default:
                _secrets["token"] = new SecretResource { Metadata = new() { Name = "token" }, Data = new Dictionary<string, string> { ["token"] = Convert.ToBase64String([0xff, 0xfe]) } };
                break;
        }

        await using var server = await SecureServer.StartAsync(_ => (200, Value, null));

        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, Bearer()));

        Assert.Contains(expected, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, failed.Message, StringComparison.Ordinal);
        Assert.Equal(terminal, failed.Terminal);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("ca", "holds no certificate of an authority")]
    [InlineData("client", "holds no certificate with its key")]
    public async Task Certificates_that_make_no_sense_are_named_and_not_shown(string which, string expected)
    {
        Plant("ca", ("ca.crt", which == "ca" ? "planted nonsense" : _certificates.AuthorityPem));
        Plant("client", ("tls.crt", "planted nonsense"), ("tls.key", "planted nonsense"));
        await using var server = await SecureServer.StartAsync(_ => (200, Value, null), _certificates.Issue("prometheus.test"));

        var tls = new HttpTlsSpec { CaSecretRef = new() { Name = "ca" }, ClientCertificateSecretRef = which == "client" ? new() { Name = "client" } : null };
        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, new PrometheusProviderSpec { Tls = tls }));

        Assert.Contains(expected, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", failed.Message, StringComparison.Ordinal);
        Assert.True(failed.Terminal);
    }

    [Theory]
    [InlineData(400, """{"status":"error","errorType":"bad_data","error":"what is TOKEN?"}""")]
    [InlineData(401, """{"status":"error","errorType":"unauthorized","error":"TOKEN is not valid"}""")]
    [InlineData(200, """{"status":"success","warnings":["TOKEN seen"],"data":{"resultType":"vector","result":[]}}""")]
    [InlineData(200, """{"status":"success","data":{"resultType":"TOKEN","result":[]}}""")]
    [InlineData(200, """{"status":"success","data":{"resultType":"scalar","result":[1,"TOKEN"]}}""")]
    public async Task A_server_that_repeats_what_it_was_shown_cannot_spread_it(int status, string body)
    {
        await using var server = await SecureServer.StartAsync(_ => (status, body.Replace("TOKEN", Token, StringComparison.Ordinal), null));

        var failed = Assert.IsType<TrackReading.Failed>(await ReadAsync(server, Bearer()));

        Assert.DoesNotContain(Token, failed.Message, StringComparison.Ordinal);
        Assert.Contains("[redacted]", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_in_an_address_of_long_ago_is_not_repeated()
    {
        var provider = new PrometheusProvider(new Uri("http://user:planted-password@127.0.0.1:1/"), new OpenAccess(new HttpClient()), TimeProvider.System);

        var reading = Assert.Single(await provider.ReadAsync(Request(), CancellationToken.None));

        Assert.DoesNotContain("planted", Assert.IsType<TrackReading.Failed>(reading.Canary).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pods_are_asked_over_TLS_by_the_name_in_their_certificates_and_with_a_token()
    {
        Plant("ca", ("ca.crt", _certificates.AuthorityPem));
        await using var server = await SecureServer.StartAsync(headers => headers.Authorization == $"Bearer {Token}" ? (200, "http_requests_total{status=\"200\"} 7\n", null) : (401, "", null), _certificates.Issue("web.shop.svc"));
        var spec = new MetricProviderSpec
        {
            PodMetrics = new()
            {
                Port = server.Address.Port,
                Scheme = "HTTPS",
                Tls = new() { CaSecretRef = new() { Name = "ca" }, ServerName = "web.shop.svc" },
                Auth = new() { BearerTokenSecretRef = new() { Name = "token" } },
            },
        };

        var reading = Assert.Single(await _providers.For(spec).ReadAsync(Request() with { Window = TimeSpan.FromSeconds(1), Metrics = [new MetricQuery { Name = "m", Failures = "http_requests_total{status=~\"5..\"}", Total = "http_requests_total" }] }, CancellationToken.None));

        Assert.Equal(new TrackReading.Counts(0, 7), reading.Canary);
    }

    private static PrometheusProviderSpec Bearer() => new() { Auth = new() { BearerTokenSecretRef = new() { Name = "token" } } };

    private async Task<TrackReading> ReadAsync(SecureServer server, PrometheusProviderSpec spec)
    {
        var provider = _providers.For(new MetricProviderSpec { Prometheus = spec with { Address = server.Address.ToString() } });
        return Assert.Single(await provider.ReadAsync(Request(), CancellationToken.None)).Canary;
    }

    private static MetricReadRequest Request() => new()
    {
        Namespace = "shop",
        Workloads = ["web"],
        CanaryPods = [new PodTarget("web-canary-a", "127.0.0.1")],
        StablePods = [],
        Window = TimeSpan.FromSeconds(30),
        Metrics = [new MetricQuery { Name = "errors", Failures = "failures", Total = "total" }],
        Timeout = TimeSpan.FromSeconds(5),
        RunId = "run",
    };

    private void Plant(string name, params (string Key, string Value)[] values) => _secrets[name] = new SecretResource
    {
        Metadata = new() { Name = name },
        Data = values.ToDictionary(value => value.Key, value => Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Value))),
    };

    private Task<SecretResource?> FindAsync(ObjectKey key, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _secretReads);
        return _apiProblem is { } kind
            ? throw new ClusterException(new ApiError { Kind = kind, Message = "no" }, $"GET secrets/{key.Name}")
            : Task.FromResult(key.Namespace == "shop" ? _secrets.GetValueOrDefault(key.Name) : null);
    }
}
