using System.Text.Json.Nodes;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Metrics;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>The whole operator with sources that are slow, or that know secrets.</summary>
public sealed class MeasurementScenarios
{
    private const string Vector = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1764000000.781,"500"]}]}}""";

    [Fact]
    public async Task Many_patches_on_a_source_that_hangs_delay_neither_the_run_nor_the_revert_of_another()
    {
        await using var town = await Town.FoundAsync();
        town.Metrics.Hangs = request => request.Workloads[0].StartsWith("slow-", StringComparison.Ordinal);
        await town.StartOperatorAsync();
        for (var i = 0; i < 50; i++)
        {
            Deploy(town, $"slow-{i}");
            Apply(town, $"slow-{i}", $"slow-{i}", """{"podMetrics":{"port":9113}}""", "podMetrics");
        }

        await town.UntilAsync(() => Enumerable.Range(0, 50).All(i => town.Condition("Ready", $"slow-{i}")?["reason"]?.GetValue<string>() == "CheckingMetrics"), "all of them wait for their metrics");
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, seconds: 10);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()?["status"]?["analysis"] is not null, "the other one is measured", 15);
        town.Metrics.CanaryErrorRate = 0.5;
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 10);
    }

    [Fact]
    public async Task An_abort_does_not_wait_for_a_measurement_under_way()
    {
        await using var town = await Town.FoundAsync();
        await town.StartOperatorAsync();
        town.Apply(steps: """[{"weight":25,"hold":"10m"}]""");
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilPhaseAsync(PatchPhase.Progressing);
        town.Metrics.Hangs = _ => true;
        await town.UntilAsync(() => town.ReadyPods("web").Count == 5, "the canary serves");
        town.Annotate(Commands.Abort, "second thoughts");
        await town.UntilPhaseAsync(PatchPhase.Reverted, seconds: 10);
        Assert.Equal(4, town.ReadyPods("web").Count);
    }

    [Fact]
    public async Task Credentials_reach_the_server_and_no_status_event_audit_record_or_log()
    {
        const string token = "planted-token-4711";
        const string tenant = "planted-tenant-0815";
        await using var town = await Town.FoundAsync(measuresForReal: true);
        var refuses = true;
        await using var server = await SecureServer.StartAsync(headers =>
            refuses ? (401, $$"""{"status":"error","errorType":"unauthorized","error":"{{headers.Authorization}} of {{headers["X-Scope-OrgID"]}} is not known"}""", null)
            : headers.Authorization == $"Bearer {token}" && headers["X-Scope-OrgID"] == tenant ? (200, Vector, null)
            : (401, "", null));
        town.Api.Store.Create(new ResourceName("", "v1", "secrets"), Town.Json($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"prometheus","namespace":"{{{Town.Namespace}}}"},"stringData":{"token":"{{{token}}}","org":"{{{tenant}}}"}}"""));
        await town.StartOperatorAsync();
        var provider = $$$"""{"prometheus":{"address":"{{{server.Address}}}","auth":{"bearerTokenSecretRef":{"name":"prometheus"}},"headers":[{"name":"X-Scope-OrgID","valueSecretRef":{"name":"prometheus","key":"org"}}]}}""";
        Apply(town, "fix", "magento-web", provider, "istio");

        await town.UntilAsync(() => town.Condition("Ready")?["reason"]?.GetValue<string>() == "QueryRejected", "the refusal is shown");
        Assert.Contains("[redacted]", town.Condition("Ready")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        refuses = false;
        await town.UntilPhaseAsync(PatchPhase.AwaitingApproval, seconds: 60);
        town.Annotate(Commands.Approve, "CHG-20871");
        await town.UntilAsync(() => town.Patch()?["status"]?["analysis"] is not null, "it is measured", 30);

        // 500 failures of 500 for both tracks: held as an outage, with all its words.
        await town.UntilAsync(() => town.Patch()!["status"]!["analysis"]![0]!["reason"]?.GetValue<string>() == AssessmentReasons.StableAlsoFailing, "it is judged");
        var everything = string.Join('\n', [.. town.Log, .. town.Api.Store.List(Town.Patches, Town.Namespace).Select(o => o.ToJsonString()), .. town.Api.Store.List(ResourceName.Events, Town.Namespace).Select(o => o.ToJsonString())]);
        Assert.DoesNotContain(token, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(tenant, everything, StringComparison.Ordinal);
    }

    private static void Deploy(Town town, string name) => town.Api.Store.Create(ResourceName.Deployments, Town.Json($$$$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{{{name}}}}}","namespace":"{{{{{Town.Namespace}}}}}"},
         "spec":{"replicas":1,"selector":{"matchLabels":{"app":"{{{{{name}}}}}"}},
                 "template":{"metadata":{"labels":{"app":"{{{{{name}}}}}"}},"spec":{"containers":[{"name":"php","image":"{{{{{Town.Stable}}}}}"}]}}}}
        """));

    private static JsonObject Apply(Town town, string name, string deployment, string provider, string preset) => town.Api.Store.Create(Town.Patches, Town.Json($$$$"""
        {"apiVersion":"patchoperator.io/v1alpha1","kind":"EmergencyPatch","metadata":{"name":"{{{{name}}}}","namespace":"{{{{Town.Namespace}}}}"},
         "spec":{"workloads":[{"name":"web","role":"Web","deployment":"{{{{deployment}}}}","containers":[{"name":"php","image":"{{{{Town.Patched}}}}"}]}],
                 "canary":{"steps":[{"weight":25,"hold":"10m"}]},
                 "analysis":{"provider":{{{{provider}}}},"interval":"1s","metrics":[{"name":"http-errors","preset":"{{{{preset}}}}","maxRate":"2%","compareWith":"Stable"}]}}}
        """));
}
