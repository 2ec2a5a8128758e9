using PatchOperator.Notifications;
using Xunit;

namespace PatchOperator.Tests.Unit.Notifications;

public sealed class ReceiverSettingsTests
{
    [Fact]
    public void Receivers_of_every_kind_are_read()
    {
        var settings = ReceiverSettings.Parse(
            """
            {"receivers": {
               "slack:#security": {"kind": "Slack", "urlSecret": {"name": "notify", "key": "slack"}},
               "oncall": {"kind": "PagerDuty", "keySecret": {"name": "notify", "key": "pagerduty"}},
               "ciso": {"kind": "CloudEvents", "url": "https://events.example.com/in", "keySecret": {"name": "notify", "key": "hmac"}},
               "alerts": {"kind": "Alertmanager", "url": "http://alertmanager.monitoring:9093"}},
             "always": ["alerts"]}
            """,
            "patch-operator-system");
        Assert.Equal(["alerts", "ciso", "oncall", "slack:#security"], settings.Policy.Receivers.Order(StringComparer.Ordinal));
        Assert.Equal("https://events.pagerduty.com/", settings.Receivers["oncall"].Url!.ToString());
        Assert.Equal(new SecretValue("notify", "slack"), settings.Receivers["slack:#security"].UrlSecret);
        Assert.Equal(["alerts"], settings.Always);
    }

    [Fact]
    public void The_process_ends_with_a_sentence_when_they_make_no_sense_and_specs_may_name_only_them()
    {
        Settings From(string text) => Settings.From(name => name switch { "PATCHOPERATOR_NOTIFICATIONS" => text, "POD_NAMESPACE" => "operators", _ => null });
        var exception = Assert.Throws<SettingsException>(() => From("""{"receivers": {"a": {"kind": "Fax"}}}"""));
        Assert.Contains("PATCHOPERATOR_NOTIFICATIONS cannot be used: receivers.a.kind is 'Fax'", exception.Message, StringComparison.Ordinal);
        var settings = From("""{"receivers": {"a": {"kind": "Alertmanager", "url": "http://am:9093"}}}""");
        Assert.Equal("operators", settings.Notifications.Namespace);
        Assert.Equal(["a"], settings.Policy.Validation.Receivers!);
        Assert.Empty(Settings.From(_ => null).Policy.Validation.Receivers!);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("{}")]
    public void Nothing_configured_is_nobody_to_tell(string? text) => Assert.Empty(ReceiverSettings.Parse(text, "x").Receivers);

    [Theory]
    [InlineData("""{"receivers": {"a": {"kind": "Slack", "url": "https://hooks.slack.com/services/T0/B0/planted"}}}""", "urlSecret")]
    [InlineData("""{"receivers": {"a": {"kind": "PagerDuty"}}}""", "routing key")]
    [InlineData("""{"receivers": {"a": {"kind": "CloudEvents", "url": "https://x.example.com"}}}""", "key of the signature")]
    [InlineData("""{"receivers": {"a": {"kind": "Alertmanager"}}}""", "url is missing")]
    [InlineData("""{"receivers": {"a": {"kind": "Alertmanager", "url": "http://u:planted@am:9093"}}}""", "without user and password")]
    [InlineData("""{"receivers": {"a": {"kind": "Email"}}}""", "write CloudEvents, Slack, PagerDuty, Alertmanager")]
    [InlineData("""{"receivers": {"a": {"kind": "Alertmanager", "uri": "http://am:9093"}}}""", "receivers.a.uri is not known")]
    [InlineData("""{"receivers": {"a": {"kind": "PagerDuty", "keySecret": {"name": "x"}}}}""", "needs name and key")]
    [InlineData("""{"receivers": {}, "always": ["nobody"]}""", "always names nobody")]
    [InlineData("""{"receivers": """, "not JSON")]
    [InlineData("""[]""", "no JSON object")]
    public void What_makes_no_sense_is_refused_in_words_that_repeat_no_secret(string text, string fragment)
    {
        var exception = Assert.Throws<FormatException>(() => ReceiverSettings.Parse(text, "x"));
        Assert.Contains(fragment, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", exception.Message, StringComparison.Ordinal);
    }
}
