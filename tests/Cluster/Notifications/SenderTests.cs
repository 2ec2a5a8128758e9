using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Metrics.Http;
using PatchOperator.Notifications;
using PatchOperator.Tests.Cluster.Metrics;
using Xunit;

namespace PatchOperator.Tests.Cluster.Notifications;

/// <summary>Single attempts against real servers.</summary>
public sealed class SenderTests : IDisposable
{
    private readonly TestCertificates certificates = new();
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal) { ["key"] = "planted-key" };

    public void Dispose() => certificates.Dispose();

    [Fact]
    public async Task A_server_of_an_authority_of_ones_own_is_trusted_when_that_is_named_and_only_then()
    {
        using var certificate = certificates.Issue("prometheus.test");
        await using var server = await SecureServer.StartAsync(_ => (202, "", null), certificate);
        values["ca"] = certificates.AuthorityPem;
        var trusting = Bus(server.Address) with { CaSecret = new SecretValue("notify", "ca") };
        Assert.Equal(Attempt.Arrived, await SendAsync(trusting));
        var refused = await SendAsync(Bus(server.Address));
        Assert.Contains("SecureConnectionError", refused.Problem, StringComparison.Ordinal);
        Assert.False(refused.IsFinal);
    }

    [Theory]
    [InlineData(200, false, false)]
    [InlineData(204, false, false)]
    [InlineData(302, true, false)]
    [InlineData(400, true, true)]
    [InlineData(401, true, false)]
    [InlineData(404, true, false)]
    [InlineData(410, true, true)]
    [InlineData(422, true, true)]
    [InlineData(429, true, false)]
    [InlineData(503, true, false)]
    public async Task What_an_answer_means(int status, bool isProblem, bool isFinal)
    {
        await using var server = await ReceiverServer.StartAsync();
        server.Answer = _ => (status, "7");
        var attempt = await SendAsync(Bus(server.Address));
        Assert.Equal((isProblem, isFinal), (attempt.Problem is not null, attempt.IsFinal));
        Assert.Equal(isProblem ? TimeSpan.FromSeconds(7) : null, attempt.RetryAfter);
        Assert.Single(server.All);
    }

    [Fact]
    public async Task A_redirect_takes_the_message_nowhere_else()
    {
        await using var elsewhere = await ReceiverServer.StartAsync();
        await using var server = await SecureServer.StartAsync(_ => (307, "", new Uri(elsewhere.Address, "/stolen").ToString()));
        Assert.Equal("HTTP 307", (await SendAsync(Bus(server.Address))).Problem);
        Assert.Empty(elsewhere.All);
    }

    [Fact]
    public async Task Problems_are_told_without_address_and_key()
    {
        values["url"] = "http://127.0.0.1:1/planted-path";
        var nobody = await SendAsync(Slack());
        values["url"] = "planted, and no address";
        var nonsense = await SendAsync(Slack());
        values["url"] = "https://hooks.example.com/planted\r\nX-Evil: 1";
        var evil = await SendAsync(Slack());
        values["key"] = "planted\nkey";
        await using var server = await ReceiverServer.StartAsync();
        var header = await SendAsync(Bus(server.Address) with { Kind = ReceiverKind.Alertmanager });
        Assert.All([nobody, nonsense, evil, header], attempt =>
        {
            Assert.NotNull(attempt.Problem);
            Assert.DoesNotContain("planted", attempt.Problem, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_missing_value_is_named_and_may_come_later()
    {
        values.Remove("key");
        var attempt = await SendAsync(Bus(new Uri("http://127.0.0.1:1")));
        Assert.Contains("Secret notify in namespace operators has no text under the key key", attempt.Problem, StringComparison.Ordinal);
        Assert.False(attempt.IsFinal);
    }

    private static Receiver Bus(Uri address) => new() { Name = "bus", Kind = ReceiverKind.CloudEvents, Url = address, KeySecret = new SecretValue("notify", "key") };

    private static Receiver Slack() => new() { Name = "chat", Kind = ReceiverKind.Slack, UrlSecret = new SecretValue("notify", "url") };

    private async Task<Attempt> SendAsync(Receiver receiver)
    {
        var secrets = new Secrets(
            (key, _) => Task.FromResult<SecretResource?>(new SecretResource { Data = values.ToDictionary(v => v.Key, v => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(v.Value))) }),
            TimeProvider.System);
        using var sender = new Sender(new ReceiverSettings { Namespace = "operators" }, secrets, TimeProvider.System);
        var notification = new NotificationStatus { Id = "uid/1/Promoted", At = DateTimeOffset.UnixEpoch, Reason = "Promoted", Severity = "Info", Message = "Done.", To = [receiver.Name] };
        return await sender.SendAsync(receiver, new Message("shop", "fix", "uid", null, "Promoted", notification), fresh: true, TestContext.Current.CancellationToken);
    }
}
