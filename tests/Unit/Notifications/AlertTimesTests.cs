using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Notifications;
using Xunit;

namespace PatchOperator.Tests.Unit.Notifications;

/// <summary>Alertmanager forgets an alert at its end: one that ended before it arrived is told to nobody.</summary>
public sealed class AlertTimesTests
{
    private static readonly DateTimeOffset Happened = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, 0, 15)]
    [InlineData(null, 120, 15)]
    [InlineData("approval", 0, 24 * 60)]
    [InlineData("approval", 120, 24 * 60)]
    public async Task News_that_is_sent_late_lasts_from_when_it_is_sent(string? incident, int minutesLate, int minutesLong)
    {
        var sent = Happened.AddMinutes(minutesLate);
        var alert = await AlertAsync(Notification(incident), sent);
        Assert.Equal(Happened, Time(alert, "startsAt"));
        Assert.Equal(sent.AddMinutes(minutesLong), Time(alert, "endsAt"));
    }

    [Fact]
    public async Task The_end_of_an_incident_is_when_it_ended_however_late_it_is_sent()
    {
        var alert = await AlertAsync(Notification("approval") with { Resolves = true }, Happened.AddHours(2));
        Assert.Equal(Happened, Time(alert, "endsAt"));
        Assert.Null(alert["startsAt"]);
    }

    private static NotificationStatus Notification(string? incident) =>
        new() { Id = "uid/1", At = Happened, Reason = "Accepted", Severity = "Info", Message = "It waits.", To = ["alerts"], Incident = incident };

    private static async Task<JsonNode> AlertAsync(NotificationStatus notification, DateTimeOffset now)
    {
        using var request = Formats.Of(ReceiverKind.Alertmanager, new Message("shop", "fix", "uid", null, "AwaitingApproval", notification), new Access(new Uri("http://alertmanager:9093"), null), now);
        return JsonNode.Parse(await request.Content!.ReadAsStringAsync(TestContext.Current.CancellationToken))![0]!;
    }

    private static DateTimeOffset Time(JsonNode alert, string field) => DateTimeOffset.Parse(alert[field]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
