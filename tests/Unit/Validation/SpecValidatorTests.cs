using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;
using Xunit;

namespace PatchOperator.Tests.Unit.Validation;

public sealed class SpecValidatorTests
{
    private const string Digest = "sha256:3f1d0c5c8e7b2a946d0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69";

    private const string Image = "\"registry.example.com/magento@" + Digest + "\"";

    private const string Healthy = """
        {
          "advisory": {"id": "APSB25-88", "cves": ["CVE-2025-54236"], "severity": "Critical", "cvssScore": "9.1", "disclosedAt": "2026-11-23T09:00:00Z"},
          "workloads": [{"name": "web", "deployment": "magento-web", "containers": [{"name": "php", "image": "registry.example.com/magento@sha256:3f1d0c5c8e7b2a946d0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69"}]}],
          "canary": {"steps": [{"weight": 5, "hold": "2m"}, {"weight": 50, "hold": "5m"}]},
          "analysis": {
            "provider": {"prometheus": {"address": "http://prometheus.monitoring:9090"}},
            "metrics": [{"name": "errors", "failures": "sum(increase(e{pod=~\"{{ pods }}\"}[{{ window }}]))", "total": "sum(increase(t[{{window}}]))", "maxRate": "2%"}]
          }
        }
        """;

    private const string FromPods = """{"podMetrics": {"port": 9113}}""";

    /// <summary>Path below spec, its new value (null removes), path of the problem, fragment of the message.</summary>
    public static TheoryData<string, string?, string, string> Invalid => new()
    {
        { "advisory.id", "\"\"", "spec.advisory.id", "write the bulletin" },
        { "advisory.cves.0", "\"2025-54236\"", "spec.advisory.cves[0]", "CVE-2025-54236" },
        { "advisory.cves.1", "\"CVE-2025-54236\"", "spec.advisory.cves[1]", "is there already" },
        { "advisory.severity", "\"Severe\"", "spec.advisory.severity", "Critical, High, Medium or Low" },
        { "advisory.cvssScore", "\"11\"", "spec.advisory.cvssScore", "\"9.1\"" },
        { "advisory.surfaces", "[\"Basket\"]", "spec.advisory.surfaces[0]", "Checkout, Payment" },
        { "advisory.disclosedAt", "\"2026-11-23 09:00\"", "spec.advisory.disclosedAt", "RFC 3339" },
        { "advisory.disclosedAt", "\"2026-13-23T09:00:00Z\"", "spec.advisory.disclosedAt", "RFC 3339" },
        { "advisory.remediateBy", "\"2026-11-23T09:00:00\"", "spec.advisory.remediateBy", "with its offset" },
        { "advisory.remediateBy", "\"2026-11-23T09:30:00+01:00\"", "spec.advisory.remediateBy", "before disclosedAt" },
        { "change.pipeline.url", "\"ci/991\"", "spec.change.pipeline.url", "https://" },
        { "change.pipeline.commit", "\"HEAD\"", "spec.change.pipeline.commit", "hexadecimal" },
        { "platform", "\"Shopware\"", "spec.platform", "Magento, ShopifyApp or Other" },
        { "supersedes", "[\"Old\"]", "spec.supersedes[0]", "lower-case" },
        { "requires", "[\"cve-2025-54236\"]", "spec.requires[0]", "itself" },

        { "workloads", null, "spec.workloads", "at least one workload" },
        { "workloads", "[]", "spec.workloads", "at least one workload" },
        { "workloads", "[null]", "spec.workloads[0].name", "is missing" },
        { "workloads.0.name", "\"Web\"", "spec.workloads[0].name", "lower-case" },
        { "workloads.0.role", "\"Admin\"", "spec.workloads[0].role", "Web, Worker or Cron" },
        { "workloads.0.role", "\"Cron\"", "spec.workloads[0].role", "cronJob" },
        { "workloads.0.deployment", null, "spec.workloads[0]", "exactly one of" },
        { "workloads.0.deployment", "\"Magento\"", "spec.workloads[0].deployment", "lower-case" },
        { "workloads.0.statefulSet", "\"magento\"", "spec.workloads[0]", "deployment and statefulSet are given" },
        { "workloads.0.role", "\"Worker\"", "spec.workloads", "no workload with a canary" },
        { "workloads.0.canary", """{"enabled": false}""", "spec.workloads", "no workload with a canary" },
        { "workloads.1", Other("statefulSet", "Web"), "spec.workloads[1].canary.enabled", "canary: {enabled: false}" },
        { "workloads.1", Other("statefulSet", "Worker", """{"enabled": true}"""), "spec.workloads[1].canary.enabled", "gets no canary" },
        { "workloads.1", Other("cronJob", "Cron", """{"enabled": true}"""), "spec.workloads[1].canary.enabled", "run twice" },
        { "workloads.1", Other("deployment", "Worker", """{"env": [{"name": "A"}]}"""), "spec.workloads[1].canary", "has no canary" },
        { "workloads.0.canary", """{"volumes": [{"name": "config"}]}""", "spec.workloads[0].canary.volumes[0]", "no source is given" },
        { "workloads.0.canary", """{"volumes": [{"name": "config", "configMap": {"name": "A"}}]}""", "spec.workloads[0].canary.volumes[0].configMap.name", "lower-case" },
        { "promotion", """{"order": ["Web", "Web"]}""", "spec.promotion.order[1]", "is there already" },
        { "promotion", """{"order": ["Admin"]}""", "spec.promotion.order[0]", "Web, Worker or Cron" },
        { "promotion", """{"order": ["Cron"]}""", "spec.promotion.order", "does not name Web" },
        { "workloads.0.containers", "[]", "spec.workloads[0].containers", "at least one container" },
        { "workloads.0.containers.1", $$"""{"name": "php", "image": {{Image}}}""", "spec.workloads[0].containers[1].name", "is there already" },
        { "workloads.0.containers.0.image", null, "spec.workloads[0].containers[0].image", "is missing" },
        { "workloads.0.containers.0.image", "\"magento:2.4.8-p3\"", "spec.workloads[0].containers[0].image", "@sha256:" },
        { "workloads.0.containers.0.image", "\"magento@sha256:3f1d\"", "spec.workloads[0].containers[0].image", "not an image reference" },
        { "workloads.0.containers.0.image", "\"magento:a b\"", "spec.workloads[0].containers[0].image", "not an image reference" },
        { "workloads.0.canary", """{"env": [{"name": "1X"}]}""", "spec.workloads[0].canary.env[0].name", "no digit first" },

        { "compatibility.onUnknown", "\"Warn\"", "spec.compatibility.mode", "is missing" },
        { "compatibility.mode", "\"Strict\"", "spec.compatibility.mode", "Enforce, Warn or Off" },
        { "compatibility", """{"mode": "Warn", "inventory": {"configMap": {"name": "modules"}}}""", "spec.compatibility.inventory.configMap.key", "is missing" },
        { "compatibility", """{"mode": "Warn", "inventory": {"configMap": {"name": "modules", "keys": ["a/b"]}}}""", "spec.compatibility.inventory.configMap.keys", "cannot be a key" },
        { "compatibility", """{"mode": "Warn", "inventory": {"stable": {}}}""", "spec.compatibility.inventory.stable.configMap.name", "is missing" },
        { "compatibility", """{"mode": "Warn", "inventory": {"configMap": {"name": "modules", "key": "a"}, "job": {}}}""", "spec.compatibility.inventory.job", "write one of them" },
        { "compatibility", """{"mode": "Warn", "inventory": {"job": {"workload": "nowhere"}}}""", "spec.compatibility.inventory.job.workload", "none of spec.workloads" },
        { "compatibility", """{"mode": "Warn", "inventory": {"job": {"container": "nowhere"}}}""", "spec.compatibility.inventory.job.container", "changes no container" },
        { "compatibility", """{"mode": "Warn", "inventory": {"job": {"command": [""]}}}""", "spec.compatibility.inventory.job.command", "is empty" },
        { "compatibility", """{"mode": "Enforce", "targetVersions": {"magento/framework": "^103"}}""", "spec.compatibility.targetVersions[magento/framework]", "'^103' is not a version" },
        { "compatibility", """{"mode": "Enforce", "targetVersions": {"magento/framework": ""}}""", "spec.compatibility.targetVersions[magento/framework]", "such as 2.4.8-p3" },
        { "database.change", "\"Maybe\"", "spec.database.change", "None, ConfigImport, Additive or Breaking" },
        { "featureFlag.enabled", "\"1\"", "spec.featureFlag.disabled", "is missing" },
        { "validations", """[{"name": "orders", "stage": "Later", "job": {}}]""", "spec.validations[0].stage", "BeforeCanary" },
        { "validations", """[{"name": "orders", "stage": "BeforeCanary"}]""", "spec.validations[0].job", "JobTemplateSpec" },
        { "approval.required", "-1", "spec.approval.required", "0 to 10" },
        { "approval.accountable", "[\"security-leads\"]", "spec.approval.accountable[0]", "group:security-leads" },
        { "approval.expiresAfter", "\"soon\"", "spec.approval.expiresAfter", "90s, 5m" },
        { "approval.escalation", "[{\"notify\": [\"oncall\"]}]", "spec.approval.escalation[0].after", "15m" },

        { "canary", null, "spec.canary.steps", "at least one step" },
        { "canary.steps", "[]", "spec.canary.steps", "at least one step" },
        { "canary.steps.0.weight", "0", "spec.canary.steps[0].weight", "1 to 100" },
        { "canary.steps.1.weight", "101", "spec.canary.steps[1].weight", "1 to 100" },
        { "canary.steps.1.weight", "5", "spec.canary.steps[1].weight", "5 is not above the 5" },
        { "canary.steps.1.weight", "95", "spec.canary.steps[1].weight", "more than 9 canary pods" },
        { "canary.steps.1.hold", "\"5 minutes\"", "spec.canary.steps[1].hold", "90s, 5m" },
        { "canary.progressDeadline", "\"0s\"", "spec.canary.progressDeadline", "at least 1s" },
        { "canary.traffic", """{"httpRoute": {"name": "shop"}, "replicaRatio": {}}""", "spec.canary.traffic", "httpRoute and replicaRatio" },
        { "canary.traffic", """{"ingress": {}}""", "spec.canary.traffic.ingress.name", "is missing" },
        { "canary.traffic", """{"httpRoutes": []}""", "spec.canary.traffic.httpRoutes", "at least one" },
        { "canary.traffic", """{"httpRoutes": [{"name": "a"}, {"name": "a"}]}""", "spec.canary.traffic.httpRoutes[1].name", "is there already" },
        { "canary.traffic", """{"httpRoutes": [{"name": "A"}]}""", "spec.canary.traffic.httpRoutes[0].name", "lower-case" },
        { "canary.preview", """{"header": {"name": "X-Preview", "value": "1"}}""", "spec.canary.preview", "cannot tell one request from another" },
        { "canary", Routed("""{"httpRoute": {"name": "a"}}""", "{}"), "spec.canary.preview", "exactly one" },
        { "canary", Routed("""{"httpRoute": {"name": "a"}}""", """{"header": {"name": "X Y", "value": "1"}}"""), "spec.canary.preview.header.name", "letters, digits" },
        { "canary", Routed("""{"httpRoute": {"name": "a"}}""", """{"cookie": {"name": "a", "value": "(b)"}}"""), "spec.canary.preview.cookie.value", "letters, digits" },
        { "canary", Routed("""{"ingress": {"name": "a"}}""", """{"cookie": {"name": "a", "value": "b"}}"""), "spec.canary.preview.cookie.value", "write always" },
        { "canary", Routed("""{"ingress": {"name": "a"}}""", """{"cookie": {"name": "a", "value": "never"}}"""), "spec.canary.preview.cookie.value", "write always" },

        { "analysis", null, "spec.analysis", "no data is never good" },
        { "analysis.metrics", "[]", "spec.analysis.metrics", "at least one metric" },
        { "analysis.interval", "\"500ms\"", "spec.analysis.interval", "1s to 1h" },
        { "analysis.interval", "\"2h\"", "spec.analysis.interval", "1s to 1h" },
        { "analysis.provider", null, "spec.analysis.provider", "none is given" },
        { "analysis.provider.prometheus.tls", """{"serverName": "prometheus"}""", "spec.analysis.provider.prometheus.tls", "https://" },
        { "analysis.provider.prometheus", """{"address": "http://prometheus", "auth": {}}""", "spec.analysis.provider.prometheus.auth", "exactly one of bearerTokenSecretRef and basicSecretRef" },
        { "analysis.provider.prometheus", """{"address": "http://prometheus", "auth": {"bearerTokenSecretRef": {"name": "T"}}}""", "spec.analysis.provider.prometheus.auth.bearerTokenSecretRef.name", "lower-case" },
        { "analysis.provider.prometheus", """{"address": "http://prometheus", "auth": {"bearerTokenSecretRef": {"name": "t", "key": "a b"}}}""", "spec.analysis.provider.prometheus.auth.bearerTokenSecretRef.key", "key of a Secret" },
        { "analysis.provider.prometheus.headers", """[{"name": "Authorization", "value": "Bearer x"}]""", "spec.analysis.provider.prometheus.headers[0].name", "write auth instead" },
        { "analysis.provider.prometheus.headers", """[{"name": "X Y", "value": "x"}]""", "spec.analysis.provider.prometheus.headers[0].name", "name of a header" },
        { "analysis.provider.prometheus.headers", """[{"name": "X-Scope-OrgID"}]""", "spec.analysis.provider.prometheus.headers[0]", "exactly one of value and valueSecretRef" },
        { "analysis.provider.prometheus.headers", """[{"name": "X-Scope-OrgID", "value": "a\nb"}]""", "spec.analysis.provider.prometheus.headers[0].value", "printable ASCII" },
        { "analysis.provider.prometheus.headers", """[{"name": "X-Key", "valueSecretRef": {"name": "a"}}]""", "spec.analysis.provider.prometheus.headers[0].valueSecretRef.key", "is missing" },
        { "analysis.provider.prometheus.headers", """[{"name": "X-Key", "value": "a"}, {"name": "x-key", "value": "b"}]""", "spec.analysis.provider.prometheus.headers[1].name", "is there already" },
        { "analysis.provider", """{"podMetrics": {"port": 1, "scheme": "HTTPS"}}""", "spec.analysis.provider.podMetrics.tls.serverName", "certificates" },
        { "analysis.provider", """{"podMetrics": {}}""", "spec.analysis.provider.podMetrics.port", "is missing" },
        { "analysis.provider", """{"podMetrics": {"port": 70000}}""", "spec.analysis.provider.podMetrics.port", "1 to 65535" },
        { "analysis.provider", """{"podMetrics": {"port": 1, "path": "metrics"}}""", "spec.analysis.provider.podMetrics.path", "begins with '/'" },
        { "analysis.provider.prometheus.address", "\"prometheus:9090\"", "spec.analysis.provider.prometheus.address", "http or https" },
        { "analysis.provider.prometheus.address", "\"http://prometheus:9090/?x=1\"", "spec.analysis.provider.prometheus.address", "http or https" },
        { "analysis.provider.prometheus.address", "\"http://u:secret@prometheus:9090\"", "spec.analysis.provider.prometheus.address", "show it to everyone" },
        { "analysis.metrics.1", """{"name": "errors", "failures": "f", "total": "t", "maxRate": "1%"}""", "spec.analysis.metrics[1].name", "is there already" },
        { "analysis.metrics.0.preset", "\"istio\"", "spec.analysis.metrics[0]", "either the preset" },
        { "analysis.metrics.0.total", null, "spec.analysis.metrics[0].total", "is missing" },
        { "analysis.metrics.0.source", "\"PodMetrics\"", "spec.analysis.metrics[0].source", "write provider.podMetrics" },
        { "analysis.metrics.0", """{"name": "e", "preset": "traefik", "maxRate": "1%"}""", "spec.analysis.metrics[0].preset", "both are behind one" },
        { "analysis.metrics.0", """{"name": "e", "preset": "envoy-gateway", "failureClass": "ClientErrors", "maxRate": "1%"}""", "spec.analysis.metrics[0].failureClass", "not for an endpoint" },
        { "analysis.metrics.0", """{"name": "e", "preset": "istio", "surfaces": ["Checkout"], "maxRate": "1%"}""", "spec.analysis.metrics[0].surfaces", "does not count by path" },
        { "analysis.metrics.0", """{"name": "e", "preset": "istio", "args": {"a": "b"}, "maxRate": "1%"}""", "spec.analysis.metrics[0].args", "the preset has none" },
        { "analysis.metrics.0.surfaces", "[\"Checkout\"]", "spec.analysis.metrics[0].total", "{{ paths }}" },
        { "analysis.metrics.0.surfaces", "[\"Basket\"]", "spec.analysis.metrics[0].surfaces[0]", "Checkout, Payment" },
        { "analysis.metrics.0.failureClass", "\"ClientErrors\"", "spec.analysis.metrics[0].failureClass", "belongs to a preset" },
        { "analysis.metrics.0.args", """{"1a": "b"}""", "spec.analysis.metrics[0].args.1a", "no digit first" },
        { "analysis.metrics.0.total", "\"sum({{ args.x }})\"", "spec.analysis.metrics[0].total", "unknown variable 'args.x'" },
        { "analysis.metrics.0", """{"name": "e", "probe": "order", "maxRate": "1%"}""", "spec.analysis.metrics[0].probe", "describe it there" },
        { "analysis.metrics.0.probe", "\"order\"", "spec.analysis.metrics[0]", "write probe alone" },
        { "analysis.probes", """[{"name": "order", "port": 80}]""", "spec.analysis.probes[0]", "nobody looks at it" },
        { "analysis.probes", """[{"name": "order"}]""", "spec.analysis.probes[0].port", "is missing" },
        { "analysis.probes", """[{"name": "order", "port": 80, "path": "graphql"}]""", "spec.analysis.probes[0].path", "begins with '/'" },
        { "analysis.probes", """[{"name": "order", "port": 80, "method": "SEND"}]""", "spec.analysis.probes[0].method", "GET, HEAD" },
        { "analysis.probes", """[{"name": "order", "port": 80, "body": "{}"}]""", "spec.analysis.probes[0].method", "carries no body" },
        { "analysis.probes", """[{"name": "order", "port": 80, "method": "POST", "body": "{}", "bodySecretRef": {"name": "a", "key": "b"}}]""", "spec.analysis.probes[0]", "write one of them" },
        { "analysis.probes", """[{"name": "order", "port": 80, "every": "10ms"}]""", "spec.analysis.probes[0].every", "out of range" },
        { "analysis.probes", """[{"name": "order", "port": 80, "scheme": "HTTPS"}]""", "spec.analysis.probes[0].tls.serverName", "is missing" },
        { "analysis.probes", """[{"name": "order", "port": 80, "expect": {"status": [42]}}]""", "spec.analysis.probes[0].expect.status[0]", "100 to 599" },
        { "analysis.probes", """[{"name": "order", "port": 80, "expect": {"json": [{"path": "$..a"}]}}]""", "spec.analysis.probes[0].expect.json[0].path", "stops making sense at character 2" },
        { "analysis.probes", """[{"name": "order", "port": 80, "expect": {"maxLatency": "10s"}}]""", "spec.analysis.probes[0].expect.maxLatency", "is never reached" },
        { "analysis.surfaces", """[{"name": "Checkout", "paths": ["kasse"]}]""", "spec.analysis.surfaces[0].paths[0]", "begins with '/'" },
        { "analysis.surfaces", """[{"name": "Checkout", "paths": ["/a/**/b"]}]""", "spec.analysis.surfaces[0].paths[0]", "only at its end" },
        { "analysis.surfaces", """[{"name": "Cart", "paths": ["/cart"]}]""", "spec.analysis.surfaces[0].name", "Checkout, Payment" },
        { "analysis.metrics.0", """{"name": "e", "preset": "nginx", "maxRate": "1%"}""", "spec.analysis.metrics[0].preset", "envoy-gateway, istio" },
        { "analysis.metrics.0.latency", """{"slowerThan": "500ms", "histogram": "d_seconds"}""", "spec.analysis.metrics[0].latency", "either latency, or the two queries" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "latency": {"histogram": "d_seconds"}}""", "spec.analysis.metrics[0].latency.slowerThan", "is missing" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "latency": {"slowerThan": "fast", "histogram": "d_seconds"}}""", "spec.analysis.metrics[0].latency.slowerThan", "not a duration" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "latency": {"slowerThan": "1s"}}""", "spec.analysis.metrics[0].latency.histogram", "is missing" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "latency": {"slowerThan": "1s", "histogram": "d_seconds_bucket"}}""", "spec.analysis.metrics[0].latency.histogram", "without _bucket" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "preset": "istio", "latency": {"slowerThan": "1s", "histogram": "d_seconds"}}""", "spec.analysis.metrics[0].latency.histogram", "known to preset istio" },
        { "analysis.metrics.0", """{"name": "slow", "maxRate": "2%", "preset": "envoy-gateway", "latency": {"slowerThan": "1s"}}""", "spec.analysis.metrics[0].latency", "has no histogram" },
        { "analysis.metrics.0.gauge", """{"value": "x", "max": "1"}""", "spec.analysis.metrics[0].gauge", "its own limits alone" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"max": "1"}}""", "spec.analysis.metrics[0].gauge.value", "is missing" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x"}}""", "spec.analysis.metrics[0].gauge", "cannot fail" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x{p=~\"{{ pod }}\"}", "max": "1"}}""", "spec.analysis.metrics[0].gauge.value", "unknown variable 'pod'" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x", "max": "1e3"}}""", "spec.analysis.metrics[0].gauge.max", "not a number" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x", "max": "1", "min": "2"}}""", "spec.analysis.metrics[0].gauge.min", "no value could pass" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x", "tolerance": "0.2"}}""", "spec.analysis.metrics[0].gauge.tolerance", "\"20%\"" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x", "max": "1", "worse": "Lower"}}""", "spec.analysis.metrics[0].gauge.worse", "write tolerance" },
        { "analysis.metrics.0", """{"name": "queue", "gauge": {"value": "x", "max": "1", "inARow": 0}}""", "spec.analysis.metrics[0].gauge.inARow", "1 to 100" },
        { "analysis.metrics.0.maxRate", null, "spec.analysis.metrics[0]", "cannot fail" },
        { "analysis.metrics.0.maxRate", "\"0%\"", "spec.analysis.metrics[0].maxRate", "above 0%" },
        { "analysis.metrics.0.maxRate", "\"101%\"", "spec.analysis.metrics[0].maxRate", "up to 100%" },
        { "analysis.metrics.0.maxRate", "\"0.02\"", "spec.analysis.metrics[0].maxRate", "\"0.5%\"" },
        { "analysis.metrics.0.compareWith", "\"Canary\"", "spec.analysis.metrics[0].compareWith", "write Stable" },
        { "analysis.metrics.0.minRequests", "0", "spec.analysis.metrics[0].minRequests", "at least 1" },
        { "analysis.metrics.0.onNoData", "\"Pass\"", "spec.analysis.metrics[0].onNoData", "Hold or Fail" },
        { "analysis.metrics.0.onError", "\"Ignore\"", "spec.analysis.metrics[0].onError", "Hold or Fail" },
        { "analysis.metrics.0.staleAfter", "\"-1m\"", "spec.analysis.metrics[0].staleAfter", "not a duration" },
        { "analysis.metrics.0.total", "\"t{pod='{{ pod }}'}\"", "spec.analysis.metrics[0].total", "unknown variable 'pod': use {{ namespace }}" },
        { "analysis.metrics.0.total", "\"t[{{ window]\"", "spec.analysis.metrics[0].total", "never closes it" },

        { "revert.watchAfterPromotion", "\"25h\"", "spec.revert.watchAfterPromotion", "write 0s to 1d" },
        { "revert.watchAfterPromotion", "\"half an hour\"", "spec.revert.watchAfterPromotion", "not a duration" },
        { "promotion.hold", "\"Always\"", "spec.promotion.hold", "UntilAdopted or None" },
        { "closure.reviewWithin", "\"3 days\"", "spec.closure.reviewWithin", "not a duration" },
    };

    public static TheoryData<string, string, string> TooEarly => new()
    {
        { "database.change", "\"Additive\"", "spec.database.change" },
        { "database", """{"change": "None", "job": {}}""", "spec.database.job" },
        { "featureFlag", """{"configMap": {"name": "flags", "key": "k"}, "enabled": "1", "disabled": "0"}""", "spec.featureFlag" },
        { "validations", """[{"name": "orders", "stage": "BeforeCanary", "job": {}}]""", "spec.validations" },
        { "revert.automatic", "false", "spec.revert.automatic" },
        { "closure.reviewWithin", "\"72h\"", "spec.closure.reviewWithin" },
        { "closure.criteria", "[\"reviewed\"]", "spec.closure.criteria" },
    };

    /// <summary>A second workload.</summary>
    private static string Other(string kind, string role, string canary = "{}") =>
        $$"""{"name": "b", "role": "{{role}}", "{{kind}}": "b", "containers": [{"name": "b", "image": {{Image}}}], "canary": {{canary}}}""";

    private static string Routed(string traffic, string preview) => $$"""{"traffic": {{traffic}}, "preview": {{preview}}, "steps": [{"weight": 0}, {"weight": 50}]}""";

    [Theory]
    [InlineData("statefulSet", "Worker", "{}")]
    [InlineData("statefulSet", "Web", """{"enabled": false}""")]
    [InlineData("deployment", "Worker", """{"enabled": true, "env": [{"name": "A", "value": "b"}]}""")]
    [InlineData("cronJob", "Cron", "{}")]
    public void A_unit_of_several_workloads_is_accepted(string kind, string role, string canary) =>
        Assert.Empty(Validate(SpecJson.With(Healthy, "workloads.1", Other(kind, role, canary))));

    [Fact]
    public void Probes_alone_need_no_provider() => Assert.Empty(Validate(SpecJson.With(
        Healthy,
        "analysis",
        """{"probes": [{"name": "order", "port": 8080, "path": "/graphql", "method": "POST", "body": "{}", "expect": {"noGraphQLErrors": true, "maxLatency": "800ms"}}], "metrics": [{"name": "orders", "probe": "order", "compareWith": "Stable"}]}""")));

    [Fact]
    public void A_healthy_spec_has_no_problem() => Assert.Empty(Validate(Healthy));

    [Theory]
    [MemberData(nameof(Invalid))]
    public void What_makes_no_sense_is_named_with_what_to_write_instead(string edit, string? value, string path, string fragment)
    {
        var problems = Validate(SpecJson.With(Healthy, edit, value));
        Assert.Contains(problems, problem =>
            problem.Kind == SpecProblemKind.Invalid && problem.Path == path && problem.Message.Contains(fragment, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(TooEarly))]
    public void What_no_code_acts_on_is_refused_by_name_and_is_not_called_wrong(string edit, string value, string path)
    {
        var problem = Assert.Single(Validate(SpecJson.With(Healthy, edit, value)));
        Assert.Equal((path, SpecProblemKind.NotSupportedYet), (problem.Path, problem.Kind));
        Assert.StartsWith("is not supported yet; ", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("approval.required", "2", "spec.approval.required")]
    [InlineData("approval.accountable", "[\"group:leads\"]", "spec.approval.accountable")]
    [InlineData("approval.responsible", "[\"user:dana\"]", "spec.approval.responsible")]
    [InlineData("canary.steps.1.approval", "true", "spec.canary.steps[1].approval")]
    public void What_depends_on_who_people_are_is_refused_where_nobody_authenticates_them(string edit, string value, string path)
    {
        var problem = Assert.Single(Validate(SpecJson.With(Healthy, edit, value), new ValidationOptions { Authenticates = false }));
        Assert.Equal((path, SpecProblemKind.NotSupportedYet), (problem.Path, problem.Kind));
        Assert.Contains("admission.enabled", problem.Message, StringComparison.Ordinal);
        Assert.Empty(Validate(SpecJson.With(Healthy, edit, value)));
    }

    [Theory]
    [InlineData("canary.steps.1.approval", "true")]
    [InlineData("approval.responsible", "[\"serviceaccount:ops/robot\"]")]
    [InlineData("approval.onRevoke", "\"Revert\"")]
    [InlineData("revert.watchAfterPromotion", "\"0s\"")]
    [InlineData("revert.watchAfterPromotion", "\"30m\"")]
    [InlineData("promotion.hold", "\"None\"")]
    [InlineData("promotion.hold", "\"UntilAdopted\"")]
    [InlineData("database.change", "\"None\"")]
    [InlineData("approval.required", "0")]
    [InlineData("canary.steps.0.approval", "false")]
    [InlineData("canary.steps.1.weight", "90")]
    [InlineData("canary.traffic", """{"replicaRatio": {}}""")]
    [InlineData("canary.traffic", """{"httpRoute": {"name": "shop"}}""")]
    [InlineData("canary.traffic", """{"httpRoutes": [{"name": "shop"}, {"name": "shop-api"}]}""")]
    [InlineData("canary.traffic", """{"ingress": {"name": "shop"}}""")]
    [InlineData("canary", """{"traffic": {"httpRoute": {"name": "a"}}, "preview": {"cookie": {"name": "a", "value": "b"}}, "steps": [{"weight": 0}, {"weight": 100}]}""")]
    [InlineData("canary", """{"traffic": {"ingress": {"name": "a"}}, "preview": {"cookie": {"name": "a", "value": "always"}}, "steps": [{"weight": 0}, {"weight": 100}]}""")]
    [InlineData("analysis.interval", "\"1s\"")]
    [InlineData("analysis.metrics.0.compareWith", "\"Stable\"")]
    [InlineData("analysis.metrics.0", """{"name": "e", "preset": "istio", "failureClass": "ClientErrors", "compareWith": "Stable"}""")]
    [InlineData("analysis.metrics.0", """{"name": "e", "preset": "envoy-gateway", "maxRate": "1%"}""")]
    [InlineData("analysis.metrics.0", """{"name": "e", "preset": "podMetrics", "surfaces": ["Checkout", "Payment"], "maxRate": "1%"}""")]
    [InlineData("analysis.metrics.0", """{"name": "e", "failures": "a{r=\"{{ args.route }}\"}", "total": "b", "args": {"route": "x\"y"}, "maxRate": "1%"}""")]
    [InlineData("analysis.provider.podMetrics", """{"port": 9113}""")]
    [InlineData("analysis.surfaces", """[{"name": "Checkout", "paths": ["/kasse/**", "/api/*/basket"]}]""")]
    [InlineData("analysis.provider.prometheus", """{"address": "https://p", "interval": "15s", "auth": {"bearerTokenSecretRef": {"name": "t"}}, "tls": {"caSecretRef": {"name": "ca"}, "clientCertificateSecretRef": {"name": "c"}, "serverName": "p.example.com"}, "headers": [{"name": "X-Scope-OrgID", "value": "shop"}, {"name": "X-Key", "valueSecretRef": {"name": "k", "key": "key"}}]}""")]
    [InlineData("analysis.metrics.0.maxRate", "\"100%\"")]
    [InlineData("workloads.0.canary", """{"env": []}""")]
    [InlineData("workloads.0.canary", """{"volumes": [{"name": "tmp", "emptyDir": {}}]}""")]
    [InlineData("promotion", """{"order": ["Worker", "Web"]}""")]
    [InlineData("workloads.0.containers.0.image", "\"localhost:5000/a/b__c:v1@" + Digest + "\"")]
    [InlineData("suspend", "true")]
    public void What_asks_for_nothing_unusual_is_accepted_at_its_limits_too(string edit, string value) =>
        Assert.Empty(Validate(SpecJson.With(Healthy, edit, value)));

    [Theory]
    [InlineData("http_requests_total", true)]
    [InlineData("http_requests_total{code=~\\\"5..\\\", path!=\\\"/health\\\"}", true)]
    [InlineData("t{pod=~\\\"{{ pods }}\\\"}", true)]
    [InlineData("sum(http_requests_total)", false)]
    [InlineData("rate(http_requests_total[1m])", false)]
    [InlineData("http_requests_total{code=500}", false)]
    [InlineData("a + b", false)]
    public void Without_Prometheus_a_query_is_a_series_selector(string selector, bool accepted)
    {
        var spec = SpecJson.With(Healthy, "analysis.provider", FromPods);
        spec = SpecJson.With(spec, "analysis.metrics.0.total", "\"t\"");
        spec = SpecJson.With(spec, "analysis.metrics.0.failures", $"\"{selector}\"");
        Assert.Equal(accepted, Validate(spec).Count == 0);
    }

    [Fact]
    public void A_preset_of_Prometheus_does_not_fit_the_pods_own_metrics()
    {
        var spec = SpecJson.With(SpecJson.With(Healthy, "analysis.provider", FromPods), "analysis.metrics.0", """{"name": "e", "preset": "istio", "maxRate": "1%"}""");
        Assert.Contains(Validate(spec), problem => problem.Kind == SpecProblemKind.Invalid && problem.Path == "spec.analysis.metrics[0].preset");
    }

    [Fact]
    public void Tags_are_good_enough_where_the_operator_says_so() =>
        Assert.Empty(Validate(SpecJson.With(Healthy, "workloads.0.containers.0.image", "\"magento:2.4.8-p3\""), new ValidationOptions { ImagePolicy = ImagePolicy.AllowTags }));

    [Fact]
    public void A_name_must_fit_a_label() => Assert.Equal(
        ["metadata.name"],
        SpecValidator.Validate(Patch(Healthy, new string('a', 64)), ValidationOptions.Default).Select(problem => problem.Path));

    [Fact]
    public void A_password_in_an_address_is_not_repeated()
    {
        var problems = Validate(SpecJson.With(Healthy, "analysis.provider.prometheus.address", "\"http://u:hunter2@prometheus:9090\""));
        Assert.DoesNotContain("hunter2", Assert.Single(problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_spec_names_everything_that_it_lacks() => Assert.Equal(
        ["spec.workloads", "spec.canary.steps", "spec.analysis"],
        Validate("{}").Select(problem => problem.Path));

    private static IReadOnlyList<SpecProblem> Validate(string spec, ValidationOptions? options = null) =>
        SpecValidator.Validate(Patch(spec, "cve-2025-54236"), options ?? ValidationOptions.Default);

    private static EmergencyPatch Patch(string spec, string name) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "shop" }, Spec = SpecJson.Read(spec) };
}
