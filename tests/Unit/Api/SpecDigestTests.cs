using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Unit.Api;

public sealed class SpecDigestTests
{
    private const string Minimal = """
        {
          "advisory": {"id": "APSB25-88"},
          "workloads": [{"name": "web", "deployment": "magento-web", "containers": [{"name": "php", "image": "registry.example.com/magento@sha256:aa"}]}],
          "canary": {"steps": [{"weight": 5}, {"weight": 50, "hold": "2m"}]},
          "analysis": {
            "provider": {"podMetrics": {"port": 9113}},
            "metrics": [{"name": "errors", "preset": "podMetrics", "maxRate": "2%"}]
          }
        }
        """;

    private const string SpelledOut = """
        {
          "analysis": {
            "interval": "15s",
            "metrics": [{"staleAfter": "1m", "onNoData": "Hold", "onError": "Hold", "minRequests": 50, "maxRate": "2%", "preset": "podMetrics", "name": "errors"}],
            "provider": {"podMetrics": {"path": "/metrics", "port": 9113}}
          },
          "approval": {"required": 1, "expiresAfter": "24h", "responsible": []},
          "canary": {
            "progressDeadline": "10m",
            "steps": [{"weight": 5, "hold": "0s", "approval": false}, {"hold": "2m", "weight": 50}],
            "traffic": {"replicaRatio": {}}
          },
          "revert": {"automatic": true},
          "supersedes": [], "requires": [], "validations": [], "change": {},
          "suspend": false,
          "advisory": {"cves": [], "id": "APSB25-88"},
          "workloads": [{"role": "Web", "name": "web", "deployment": "magento-web", "containers": [{"image": "registry.example.com/magento@sha256:aa", "name": "php"}]}]
        }
        """;

    [Fact]
    public void Defaults_that_are_written_out_and_the_order_of_keys_change_nothing() => Assert.Equal(Of(Minimal), Of(SpelledOut));

    [Fact]
    public void It_names_its_rules_and_its_hash() => Assert.Matches("^v1:sha256:[0-9a-f]{64}$", Of(Minimal));

    /// <summary>This very value is stored in resources out there. If it changes, every run in progress is voided by the upgrade.</summary>
    [Fact]
    public void It_is_the_same_in_every_release() =>
        Assert.Equal("v1:sha256:7ad3a98363d0bd6730e7db8ea3d037c5997e2fffda1629899346600f1fdecc4f", Of(Minimal));

    [Theory]
    [InlineData("suspend", "true")]
    [InlineData("advisory.severity", "\"Critical\"")]
    [InlineData("advisory.cvssScore", "\"9.1\"")]
    [InlineData("advisory.exploited", "true")]
    [InlineData("advisory.remediateBy", "\"2026-11-24T09:00:00Z\"")]
    public void What_may_be_amended_in_mid_run_voids_no_approval(string path, string value) => Assert.Equal(Of(Minimal), Of(With(path, value)));

    [Theory]
    [InlineData("advisory.id", "\"APSB26-49\"")]
    [InlineData("advisory.cves", "[\"CVE-2025-54236\"]")]
    [InlineData("change.requestedBy", "\"dana@example.com\"")]
    [InlineData("platform", "\"Magento\"")]
    [InlineData("workloads.0.deployment", "\"other\"")]
    [InlineData("workloads.0.role", "\"Worker\"")]
    [InlineData("workloads.0.containers.0.image", "\"registry.example.com/magento@sha256:bb\"")]
    [InlineData("approval.required", "0")]
    [InlineData("approval.expiresAfter", "\"1h\"")]
    [InlineData("canary.steps.1.weight", "60")]
    [InlineData("canary.steps.1.hold", "\"0s\"")]
    [InlineData("canary.traffic", "{\"httpRoute\":{\"name\":\"shop\"}}")]
    [InlineData("analysis.interval", "\"1s\"")]
    [InlineData("analysis.metrics.0.maxRate", "\"50%\"")]
    [InlineData("analysis.metrics.0.minRequests", "1")]
    [InlineData("analysis.provider.podMetrics.path", "\"/other\"")]
    [InlineData("revert.automatic", "false")]
    [InlineData("revert.watchAfterPromotion", "\"0s\"")]
    [InlineData("promotion.hold", "\"None\"")]
    [InlineData("compatibility.mode", "\"Off\"")]
    public void A_material_edit_changes_it(string path, string value) => Assert.NotEqual(Of(Minimal), Of(With(path, value)));

    [Fact]
    public void In_a_job_template_an_empty_object_is_something() => Assert.NotEqual(
        Of(With("database.job", """{"volumes":[{"name":"tmp"}]}""")),
        Of(With("database.job", """{"volumes":[{"name":"tmp","emptyDir":{}}]}""")));

    private static string Of(string json) => SpecDigest.Of(SpecJson.Read(json));

    private static string With(string path, string value) => SpecJson.With(Minimal, path, value);
}
