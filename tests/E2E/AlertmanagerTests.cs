using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Notifications;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>What the operator sends, understood by a real Alertmanager. Needs no cluster.</summary>
public sealed class AlertmanagerTests
{
    [Fact]
    public async Task A_real_Alertmanager_opens_an_incident_and_closes_it_again_and_keeps_news_apart()
    {
        await using var alertmanager = await Alertmanager.StartAsync();
        await alertmanager.SendAsync(Message("Escalated", "Critical", "approval", resolves: null));
        await alertmanager.SendAsync(Message("Escalated", "Critical", "approval", resolves: null));
        await alertmanager.SendAsync(Message("Promoted", "Info", null, resolves: null));
        var open = await alertmanager.ActiveAsync();
        Assert.Equal(["EmergencyPatchApproval", "EmergencyPatchPromoted"], open.Select(a => a["labels"]!["alertname"]!.GetValue<string>()).Order());
        var incident = open.Single(a => a["labels"]!["alertname"]!.GetValue<string>() == "EmergencyPatchApproval");
        Assert.Equal(("shop", "fix", "critical"), (Label(incident, "namespace"), Label(incident, "emergencypatch"), Label(incident, "severity")));
        Assert.Contains("shop/fix", incident["annotations"]!["summary"]!.GetValue<string>(), StringComparison.Ordinal);

        await alertmanager.SendAsync(Message("EscalationEnded", "Info", "approval", resolves: true));
        await Eventually.IsTrueAsync(async () => (await alertmanager.ActiveAsync()).Count == 1, "the incident is closed", 10);
        Assert.Equal("EmergencyPatchPromoted", Label((await alertmanager.ActiveAsync())[0], "alertname"));
    }

    private static string Label(JsonNode alert, string name) => alert["labels"]![name]!.GetValue<string>();

    private static Message Message(string reason, string severity, string? incident, bool? resolves) => new("shop", "fix", "uid", "APSB25-88", "AwaitingApproval", new NotificationStatus
    {
        Id = $"uid/1/{reason}",
        At = TimeProvider.System.GetUtcNow(),
        Reason = reason,
        Severity = severity,
        Message = "Words with \"quotes\", <angles> and ünicode",
        To = ["alerts"],
        Incident = incident,
        Resolves = resolves,
    });

    private sealed class Alertmanager(Process process, DirectoryInfo folder, Uri address) : IAsyncDisposable
    {
        private readonly HttpClient client = new();

        public static async Task<Alertmanager> StartAsync()
        {
            var binary = Environment.GetEnvironmentVariable("ALERTMANAGER") is { Length: > 0 } given ? given : "prometheus-alertmanager";
            var folder = Directory.CreateTempSubdirectory("alertmanager");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "alertmanager.yml"), "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            var process = Process.Start(new ProcessStartInfo(
                binary, $"--config.file={folder.FullName}/alertmanager.yml --storage.path={folder.FullName}/data --web.listen-address=127.0.0.1:{port} --cluster.listen-address= --log.level=warn")
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            var started = new Alertmanager(process, folder, new Uri($"http://127.0.0.1:{port}"));
            await Eventually.IsTrueAsync(started.IsReadyAsync, "Alertmanager is ready", 60);
            return started;
        }

        public async Task SendAsync(Message message)
        {
            using var request = Formats.Of(ReceiverKind.Alertmanager, message, new Access(address, null), TimeProvider.System.GetUtcNow());
            using var response = await client.SendAsync(request);
            Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }

        public async Task<IReadOnlyList<JsonNode>> ActiveAsync() =>
            [.. JsonNode.Parse(await client.GetStringAsync(new Uri(address, "/api/v2/alerts?active=true")))!.AsArray().Select(a => a!)];

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            client.Dispose();
            folder.Delete(recursive: true);
        }

        private async Task<bool> IsReadyAsync()
        {
            try
            {
                using var response = await client.GetAsync(new Uri(address, "/-/ready"));
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
