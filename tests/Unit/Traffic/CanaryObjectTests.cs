using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Traffic;
using Xunit;

namespace PatchOperator.Tests.Unit.Traffic;

/// <summary>What is made beside the user's objects, and the labels that keep it apart from them.</summary>
public sealed class CanaryObjectTests
{
    private static readonly EmergencyPatch Patch = new() { Metadata = new ObjectMeta { Name = "fix", Namespace = "shop", Uid = "patch-uid" } };

    [Theory]
    [InlineData("web", "web-canary")]
    [InlineData("a23456789-123456789-123456789-123456789-123456789-12345", "a23456789-123456789-123456789-123456789-123456789-12345-canary")]
    public void The_canarys_Service_is_called_after_stables(string service, string name) => Assert.Equal(name, CanaryService.NameOf(service));

    [Fact]
    public void A_name_that_would_be_too_long_is_cut_and_told_apart()
    {
        var (a, b) = (CanaryService.NameOf(new string('a', 63)), CanaryService.NameOf(new string('a', 62) + "b"));
        Assert.Equal((63, 63), (a.Length, b.Length));
        Assert.NotEqual(a, b);
        Assert.EndsWith("-canary", a, StringComparison.Ordinal);
    }

    [Fact]
    public void The_canarys_Service_has_stables_ports_and_not_its_outside()
    {
        var service = CanaryService.Of(
            Patch,
            "web",
            Json("""
                {"metadata":{"name":"web","labels":{"app":"web","app.kubernetes.io/instance":"shop","helm.sh/chart":"shop-1"},"annotations":{"external-dns.alpha.kubernetes.io/hostname":"x"}},
                 "spec":{"type":"LoadBalancer","clusterIP":"10.0.0.7","loadBalancerIP":"1.2.3.4","selector":{"app":"web"},"sessionAffinity":"ClientIP",
                         "ports":[{"name":"http","port":80,"targetPort":"web","nodePort":30080,"appProtocol":"kubernetes.io/h2c"},{"name":"dns","port":53,"protocol":"UDP"}]}}
                """),
            new Dictionary<string, string> { ["a"] = "b" });
        Assert.Equal(
            """{"type":"ClusterIP","selector":{"a":"b"},"ports":[{"name":"http","port":80,"targetPort":"web","appProtocol":"kubernetes.io/h2c","protocol":"TCP"},{"name":"dns","port":53,"protocol":"UDP"}],"sessionAffinity":"ClientIP"}""",
            service["spec"]!.ToJsonString());
        Assert.Equal(["app", "app.kubernetes.io/managed-by", "patchoperator.io/patch-uid", "patchoperator.io/track"], Keys(service["metadata"]!["labels"]!));
        Assert.Equal(["patchoperator.io/patch"], Keys(service["metadata"]!["annotations"]!));
        Assert.Equal("patch-uid", (string?)service["metadata"]!["ownerReferences"]![0]!["uid"]);
    }

    [Fact]
    public void A_headless_Service_has_a_headless_one_beside_it() => Assert.Equal(
        "None", (string?)CanaryService.Of(Patch, "web", Json("""{"metadata":{"name":"web"},"spec":{"clusterIP":"None","ports":[]}}"""), new Dictionary<string, string>())["spec"]!["clusterIP"]);

    [Theory]
    [InlineData("""{"app":"web"}""", """{"app":"web"}""", """[{"app":"web"}]""", true, """{"app":"web-canary"}""")]
    [InlineData("""{"app":"web","tier":"php"}""", """{"app":"web"}""", """[{"tier":"php"}]""", true, """{"app":"web-canary","tier":"php-canary"}""")]
    [InlineData("""{"app":"web","tier":"php"}""", """{"app":"web"}""", """[{"tier":"php"},{"app":"web","tier":"php"}]""", true, """{"app":"web-canary","tier":"php-canary"}""")]
    [InlineData("""{"app":"web","tier":"php"}""", """{"app":"web","tier":"php"}""", """[{"app":"other"}]""", true, """{"app":"web-canary"}""")]
    [InlineData("""{"app":"web"}""", """{"app":"web"}""", """[{"app":"web"}]""", false, "{}")]
    [InlineData("""{"app":"web","tier":"php"}""", """{"app":"web","tier":"php"}""", """[{"app":"web"}]""", false, """{"tier":"php-canary"}""")]
    public void A_canarys_pods_are_told_apart_by_as_few_labels_as_do(string template, string deployment, string services, bool isRouted, string apart)
    {
        var labels = Map(Json(template));
        var selectors = JsonNode.Parse(services)!.AsArray().Select(s => (IReadOnlyDictionary<string, string>)Map(s!.AsObject())).ToArray();
        var changed = CanaryLabels.Apart(labels, Map(Json(deployment)), selectors, isRouted);
        Assert.Equal(apart, new JsonObject(changed.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))).ToJsonString());
        if (isRouted)
        {
            var own = labels.ToDictionary(l => l.Key, l => changed.GetValueOrDefault(l.Key) ?? l.Value);
            Assert.All([.. selectors, Map(Json(deployment))], selector => Assert.False(selector.All(s => own.GetValueOrDefault(s.Key) == s.Value)));
        }
    }

    [Fact]
    public void The_second_Ingress_repeats_only_what_leads_to_the_workload()
    {
        var spec = Json("""
            {"ingressClassName":"nginx","defaultBackend":{"service":{"name":"web","port":{"name":"http"}}},
             "tls":[{"hosts":["a.example","b.example"],"secretName":"a"},{"hosts":["c.example"],"secretName":"c"}],
             "rules":[{"host":"a.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}},{"path":"/api","pathType":"Exact","backend":{"service":{"name":"api","port":{"number":80}}}}]}},
                      {"host":"c.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"resource":{"kind":"Bucket","name":"web"}}}]}}]}
            """);
        var ingress = CanaryIngress.Of(
            Patch, "shop-canary", (new Dictionary<string, string> { ["kubernetes.io/ingress.class"] = "nginx", ["cert-manager.io/issuer"] = "x", ["nginx.ingress.kubernetes.io/session-cookie-name"] = "s", ["nginx.ingress.kubernetes.io/rewrite-target"] = "/" }, spec),
            ["web"], 30, new PreviewIntent("X-Preview", null, "yes"));
        Assert.Equal(
            """{"ingressClassName":"nginx","defaultBackend":{"service":{"name":"web-canary","port":{"name":"http"}}},"rules":[{"host":"a.example","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web-canary","port":{"number":80}}}}]}}],"tls":[{"hosts":["a.example","b.example"],"secretName":"a"}]}""",
            ingress["spec"]!.ToJsonString());
        var annotations = ingress["metadata"]!["annotations"]!;
        Assert.Equal(
            ["external-dns.alpha.kubernetes.io/controller", "kubernetes.io/ingress.class", "nginx.ingress.kubernetes.io/canary", "nginx.ingress.kubernetes.io/canary-by-header", "nginx.ingress.kubernetes.io/canary-by-header-value", "nginx.ingress.kubernetes.io/canary-weight", "nginx.ingress.kubernetes.io/session-cookie-name", "patchoperator.io/patch"],
            Keys(annotations));
        Assert.Equal(("true", "30", "X-Preview", "yes"), ((string?)annotations["nginx.ingress.kubernetes.io/canary"], (string?)annotations["nginx.ingress.kubernetes.io/canary-weight"], (string?)annotations["nginx.ingress.kubernetes.io/canary-by-header"], (string?)annotations["nginx.ingress.kubernetes.io/canary-by-header-value"]));
        Assert.True(CanaryIngress.IsAsWanted(Map(annotations.AsObject()), ingress["spec"]!.AsObject(), ingress));
        annotations["nginx.ingress.kubernetes.io/canary-weight-total"] = "200";
        Assert.Equal(15, CanaryIngress.PercentOf(Map(annotations.AsObject())));
    }

    /// <summary>ingress-nginx knows the cookie by its name alone, and of its values <c>always</c> and <c>never</c>.</summary>
    [Fact]
    public void A_cookie_lets_testers_in_by_its_name_also_at_weight_nought()
    {
        var wanted = CanaryIngress.Of(
            Patch, "shop-canary", (null, Json("""{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}""")), ["web"], 0, new PreviewIntent(null, "canary_preview", "always"));
        var annotations = Map(wanted["metadata"]!["annotations"]!.AsObject());
        Assert.Equal(
            [("nginx.ingress.kubernetes.io/canary", "true"), ("nginx.ingress.kubernetes.io/canary-by-cookie", "canary_preview"), ("nginx.ingress.kubernetes.io/canary-weight", "0")],
            annotations.Where(a => a.Key.StartsWith("nginx.", StringComparison.Ordinal)).OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => (a.Key, a.Value)));
        Assert.True(CanaryIngress.LetsAnyoneIn(annotations));
        Assert.True(CanaryIngress.IsAsWanted(annotations, wanted["spec"]!.AsObject(), wanted));
        annotations["nginx.ingress.kubernetes.io/canary-by-cookie"] = "other";
        Assert.False(CanaryIngress.IsAsWanted(annotations, wanted["spec"]!.AsObject(), wanted));
    }

    [Theory]
    [InlineData("""{"nginx.ingress.kubernetes.io/ssl-redirect":"true"}""", "policy", true)]
    [InlineData("""{"nginx.ingress.kubernetes.io/canary-by-cookie":"x"}""", "policy", false)]
    [InlineData("""{"nginx.ingress.kubernetes.io/canary-weight":"90"}""", "policy", false)]
    [InlineData("{}", null, true)]
    public void What_admission_adds_to_all_Ingresses_is_no_edit_and_what_leads_requests_is(string added, string? className, bool isAsWanted)
    {
        var wanted = CanaryIngress.Of(
            Patch, "shop-canary", (null, Json("""{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}""")), ["web"], 30, null);
        var (annotations, spec) = (Map(wanted["metadata"]!["annotations"]!.AsObject()), wanted["spec"]!.DeepClone().AsObject());
        foreach (var (key, value) in Map(Json(added)))
        {
            annotations[key] = value;
        }

        if (className is not null)
        {
            spec["ingressClassName"] = className;
        }

        Assert.Equal(isAsWanted, CanaryIngress.IsAsWanted(annotations, spec, wanted));
        spec["defaultBackend"]!["service"]!["name"] = "other";
        Assert.False(CanaryIngress.IsAsWanted(annotations, spec, wanted));
    }

    [Theory]
    [InlineData("k8s.io/ingress-nginx", true)]
    [InlineData("k8s.io/internal-ingress-nginx", true)]
    [InlineData("example.com/ingress-nginx-2", true)]
    [InlineData("nginx.org/ingress-controller", false)]
    [InlineData("traefik.io/ingress-controller", false)]
    public void Who_runs_ingress_nginx_twice_calls_one_of_them_something_else(string controller, bool isNginx) => Assert.Equal(isNginx, NginxIngressSplitter.IsNginx(controller));

    [Fact]
    public void A_class_that_was_asked_for_must_stay()
    {
        var wanted = CanaryIngress.Of(
            Patch, "shop-canary", (null, Json("""{"ingressClassName":"nginx","defaultBackend":{"service":{"name":"web","port":{"number":80}}}}""")), ["web"], 30, null);
        var spec = wanted["spec"]!.DeepClone().AsObject();
        spec["ingressClassName"] = "other";
        Assert.False(CanaryIngress.IsAsWanted(Map(wanted["metadata"]!["annotations"]!.AsObject()), spec, wanted));
    }

    [Fact]
    public void The_canarys_Service_has_stables_addresses_and_answers_from_every_node()
    {
        var stable = Json("""
            {"metadata":{"name":"web"},
             "spec":{"ports":[],"ipFamilies":["IPv6"],"ipFamilyPolicy":"SingleStack","trafficDistribution":"PreferClose","internalTrafficPolicy":"Local"}}
            """);
        Assert.Equal(
            """{"type":"ClusterIP","selector":{},"ports":[],"ipFamilies":["IPv6"],"ipFamilyPolicy":"SingleStack","trafficDistribution":"PreferClose"}""",
            CanaryService.Of(Patch, "web", stable, new Dictionary<string, string>())["spec"]!.ToJsonString());
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static Dictionary<string, string> Map(JsonObject json) => json.ToDictionary(m => m.Key, m => m.Value!.GetValue<string>());

    private static string[] Keys(JsonNode map) => [.. map.AsObject().Select(m => m.Key).Order(StringComparer.Ordinal)];
}
