using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.Notifications;
using PatchOperator.TestKit;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Notifications;

/// <summary>The whole operator, and real HTTP servers that it tells.</summary>
public sealed class NotificationScenarios
{
    private const string Key = "planted-signing-key";
    private const string RoutingKey = "planted-routing-key-4711";
    private const string SlackPath = "/services/T0/B0/planted-slack-token";
    private const string Token = "planted-bearer";

    [Fact]
    public async Task Each_kind_of_receiver_is_told_in_its_own_protocol()
    {
        await using var server = await ReceiverServer.StartAsync();
        await using var town = await FoundAsync(server);
        Apply(town, """["chat","pager","bus","alerts"]""");
        await town.UntilAsync(() => new[] { SlackPath, "/v2/change/enqueue", "/bus", "/api/v2/alerts" }.All(p => server.Of(p).Count > 0), "all four are told");

        var slack = server.Of(SlackPath)[0].Json["text"]!.GetValue<string>();
        Assert.Contains("*EmergencyPatch shop/fix: Accepted*", slack, StringComparison.Ordinal);

        var change = server.Of("/v2/change/enqueue")[0].Json;
        Assert.Equal(RoutingKey, change["routing_key"]!.GetValue<string>());
        Assert.Equal("shop/fix", change["payload"]!["source"]!.GetValue<string>());

        var told = server.Of("/bus")[0];
        Assert.StartsWith("application/cloudevents+json", told.ContentType, StringComparison.Ordinal);
        Assert.Equal(("1.0", "io.patchoperator.emergencypatch.Accepted", "shop/fix"), (told.Json["specversion"]!.GetValue<string>(), told.Json["type"]!.GetValue<string>(), told.Json["subject"]!.GetValue<string>()));
        Assert.Equal(told.Json["id"]!.GetValue<string>(), told.Headers["webhook-id"]);
        var signed = $"{told.Headers["webhook-id"]}.{told.Headers["webhook-timestamp"]}.{told.Body}";
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(signed))), told.Headers["webhook-signature"]);

        var alert = server.Of("/api/v2/alerts")[0];
        Assert.Equal($"Bearer {Token}", alert.Headers["Authorization"]);
        var first = Assert.Single(alert.Json.AsArray())!;
        Assert.Equal(("EmergencyPatchAccepted", "info"), (first["labels"]!["alertname"]!.GetValue<string>(), first["labels"]!["severity"]!.GetValue<string>()));
        Assert.True(Time(first["endsAt"]!) > Time(first["startsAt"]!));

        await town.UntilAsync(() => town.Patch()!["status"]!["notifications"] is null, "nothing is waited for any more");
        var everything = string.Join('\n', [.. town.Log, town.Patch()!.ToJsonString(), .. town.Api.Store.List(ResourceName.Events, Town.Namespace).Select(o => o.ToJsonString())]);
        Assert.DoesNotContain("planted", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_incident_is_opened_by_the_escalation_and_closed_by_the_approval()
    {
        await using var server = await ReceiverServer.StartAsync();
        await using var town = await FoundAsync(server, new FastClock(20));
        Apply(town, "[]", ""","escalation":[{"after":"20s","notify":["pager","alerts"]}]""");
        await town.UntilAsync(() => server.Of("/v2/enqueue").Count == 1 && server.Of("/api/v2/alerts").Count == 1, "the tier is told");
        town.Annotate("approve", "CHG-20871");
        await town.UntilAsync(() => server.Of("/v2/enqueue").Count == 2 && server.Of("/api/v2/alerts").Count == 2, "the end is told");
        var pages = server.Of("/v2/enqueue").Select(t => t.Json).ToArray();
        Assert.Equal(["trigger", "resolve"], pages.Select(p => p["event_action"]!.GetValue<string>()));
        Assert.Single(pages.Select(p => p["dedup_key"]!.GetValue<string>()).Distinct());
        Assert.Equal("critical", pages[0]["payload"]!["severity"]!.GetValue<string>());
        var alerts = server.Of("/api/v2/alerts").Select(t => t.Json[0]!).ToArray();
        Assert.True(JsonNode.DeepEquals(alerts[0]["labels"], alerts[1]["labels"]));
        Assert.True(Time(alerts[1]["endsAt"]!) < Time(alerts[0]["endsAt"]!));
        Assert.Single(town.Trail(), r => r.Action == "Escalated");
    }

    [Fact]
    public async Task A_receiver_that_fails_is_tried_again_under_the_same_id_until_it_has_it()
    {
        await using var server = await ReceiverServer.StartAsync();
        var failures = 3;
        server.Answer = path => path == "/bus" && Interlocked.Decrement(ref failures) >= 0 ? (503, null) : (200, null);
        await using var town = await FoundAsync(server, new FastClock(20));
        Apply(town, """["bus"]""");
        await town.UntilAsync(() => server.Of("/bus").Count == 1, "it is told at last");
        await town.UntilAsync(() => town.Patch()!["status"]!["notifications"] is null, "it is waited for no longer");
        var attempts = server.All.Where(t => t.Path == "/bus").ToArray();
        Assert.Equal([503, 503, 503, 200], attempts.Select(a => a.Status));
        Assert.Single(attempts.Select(a => a.Headers["webhook-id"]).Distinct());
    }

    [Fact]
    public async Task What_was_not_delivered_when_the_operator_died_is_delivered_by_the_next_one()
    {
        await using var server = await ReceiverServer.StartAsync();
        server.Answer = _ => (503, null);
        await using var town = await FoundAsync(server, new FastClock(20));
        Apply(town, """["bus"]""");
        await town.UntilAsync(() => !server.All.IsEmpty, "it was tried");
        await town.KillOperatorAsync();
        server.Answer = _ => (200, null);
        await town.StartOperatorAsync();
        await town.UntilAsync(() => server.Of("/bus").Any(t => t.Headers["webhook-id"] == server.All.First().Headers["webhook-id"]), "the next one tells it");
        await town.UntilAsync(() => town.Patch()!["status"]!["notifications"] is null, "it is waited for no longer");
    }

    [Fact]
    public async Task A_receiver_that_hangs_delays_neither_the_run_nor_another_receiver()
    {
        await using var server = await ReceiverServer.StartAsync();
        server.Hangs = path => path == "/bus";
        await using var town = await FoundAsync(server);
        Apply(town, """["bus","chat"]""");
        await town.ApproveAsync();
        await town.UntilPhaseAsync(PatchPhase.Promoted);
        await town.UntilAsync(() => server.Of(SlackPath).Any(t => t.Body.Contains("Promoted", StringComparison.Ordinal)), "the other one is told", 5);
        Assert.Empty(server.Of("/bus"));
    }

    [Fact]
    public async Task A_receiver_that_refuses_for_good_is_given_up_and_that_is_recorded()
    {
        await using var server = await ReceiverServer.StartAsync();
        server.Answer = path => (path == "/bus" ? 410 : 200, null);
        await using var town = await FoundAsync(server);
        Apply(town, """["bus"]""");
        await town.UntilAsync(() => town.Trail().Any(r => r.Action == "NotificationFailed"), "it is given up");
        Assert.Contains("bus was not told of Accepted", town.Trail().Single(r => r.Action == "NotificationFailed").Detail, StringComparison.Ordinal);
        Assert.Single(server.All, t => t.Path == "/bus");
        await town.UntilAsync(() => town.Events("NotificationFailed").Count == 1, "and shown");
    }

    [Fact]
    public async Task A_name_that_nobody_configured_blocks_the_patch_with_the_names_that_are_known()
    {
        await using var server = await ReceiverServer.StartAsync();
        await using var town = await FoundAsync(server);
        Apply(town, """["slack:#secrity"]""");
        await town.UntilPhaseAsync(PatchPhase.Blocked);
        var accepted = town.Condition("Accepted")!;
        Assert.Equal("SpecInvalid", accepted["reason"]!.GetValue<string>());
        Assert.Contains("'slack:#secrity' is none of this operator's receivers (alerts, bus, chat, pager)", accepted["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Secret_that_is_made_later_is_found()
    {
        await using var server = await ReceiverServer.StartAsync();
        await using var town = await FoundAsync(server, new FastClock(20), secret: false);
        Apply(town, """["bus"]""");
        await town.UntilAsync(() => town.Phase() == nameof(PatchPhase.AwaitingApproval), "it waits for its approval");
        MakeSecret(town, server);
        await town.UntilAsync(() => server.Of("/bus").Count > 0, "it is told");
    }

    private static DateTimeOffset Time(JsonNode node) => DateTimeOffset.Parse(node.GetValue<string>(), CultureInfo.InvariantCulture);

    private static async Task<Town> FoundAsync(ReceiverServer server, TimeProvider? clock = null, bool secret = true)
    {
        var town = await Town.FoundAsync(clock);
        var address = server.Address.ToString().TrimEnd('/');
        if (secret)
        {
            MakeSecret(town, server);
        }

        town.Receivers = ReceiverSettings.Parse(
            $$$$$"""
            {"receivers": {
               "chat": {"kind": "Slack", "urlSecret": {"name": "notify", "key": "slack"}},
               "pager": {"kind": "PagerDuty", "url": "{{{{{address}}}}}", "keySecret": {"name": "notify", "key": "routing"}},
               "bus": {"kind": "CloudEvents", "url": "{{{{{address}}}}}/bus", "keySecret": {"name": "notify", "key": "hmac"}},
               "alerts": {"kind": "Alertmanager", "url": "{{{{{address}}}}}", "keySecret": {"name": "notify", "key": "bearer"}}}}
            """,
            "operators");
        await town.StartOperatorAsync();
        return town;
    }

    private static void MakeSecret(Town town, ReceiverServer server) => town.Api.Store.Create(new ResourceName("", "v1", "secrets"), Town.Json($$$"""
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"notify","namespace":"operators"},
         "stringData":{"slack":"{{{server.Address.ToString().TrimEnd('/') + SlackPath}}}","routing":"{{{RoutingKey}}}","hmac":"{{{Key}}}","bearer":"{{{Token}}}"}}
        """));

    private static void Apply(Town town, string informed, string approval = "") =>
        town.Apply(spec: $$$$""","approval":{"informed":{{{{informed}}}}{{{{approval}}}}}""", steps: """[{"weight":25}]""");
}
