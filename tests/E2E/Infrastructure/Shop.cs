using System.Text.Json.Nodes;
using PatchOperator.Domain.Api;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>A storefront in a namespace of its own: Deployment, Service, and whatever a test does to it.</summary>
internal sealed class Shop : IAsyncDisposable
{
    public const int Replicas = 4;
    public const string StableVersion = "1.0";
    public const string HealthyVersion = "1.1";
    public const string BadVersion = "1.1-bad";

    private static readonly ResourceType Events = new("", "v1", "events", "Event");

    /// <summary>An hour ago, so that no advisory is overdue on any day on which the tests run.</summary>
    private static readonly string DisclosedAt = UtcTimeJsonConverter.Format(TimeProvider.System.GetUtcNow().AddHours(-1));

    private Shop(string ns, Uri address)
    {
        (Namespace, Address) = (ns, address);
    }

    public static string StableImage => Image("STOREFRONT_STABLE");

    public static string HealthyImage => Image("STOREFRONT_HEALTHY");

    /// <summary>Healthy as well, and released by someone else.</summary>
    public static string NewerImage => Image("STOREFRONT_NEWER");

    public static string BadImage => Image("STOREFRONT_BAD");

    public static string CrashingImage => Image("STOREFRONT_CRASHING");

    public string Namespace { get; }

    public Uri Address { get; }

    /// <summary>An image of images.sh, by the name of its variable.</summary>
    public static string ImageOf(string variable) => Image(variable);

    /// <param name="name">Part of the namespace's name.</param>
    /// <param name="stable">What serves before the patch; without it, <see cref="StableImage"/>.</param>
    /// <param name="replicas">Pods of stable.</param>
    /// <param name="labels">More of the labels by which the Deployment selects its pods, and the Service does not.</param>
    public static async Task<Shop> OpenAsync(string name, string? stable = null, int replicas = Replicas, string labels = "")
    {
        var image = stable ?? StableImage;
        var ns = $"e2e-{name}-{Guid.NewGuid().ToString("N")[..5]}";
        await Kubectl.RunAsync($"create namespace {ns}");
        await Kubectl.ApplyAsync($$$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: magento-web, namespace: {{{{ns}}}}}
            spec:
              replicas: {{{{replicas}}}}
              selector: {matchLabels: {app: magento-web{{{{labels}}}}}}
              strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 2}}
              template:
                metadata:
                  labels: {app: magento-web{{{{labels}}}}}
                  annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9113"}
                spec:
                  terminationGracePeriodSeconds: 10
                  containers:
                  - name: php
                    image: {{{{image}}}}
                    imagePullPolicy: IfNotPresent
                    ports: [{containerPort: 8080}, {containerPort: 9113}]
                    readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
                    resources: {requests: {cpu: 5m, memory: 16Mi}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: magento-web, namespace: {{{{ns}}}}}
            spec: {selector: {app: magento-web}, ports: [{port: 80, targetPort: 8080}]}
            """);
        var ip = (await Kubectl.GetAsync(ns, "service/magento-web"))!["spec"]!["clusterIP"]!.GetValue<string>();
        var shop = new Shop(ns, new Uri($"http://{ip}"));
        await Eventually.IsTrueAsync(async () => (await shop.EndpointsAsync()).Count == replicas, "the shop is open", 90, shop.DescribeAsync);

        // Endpoints are known before the node sends them anything: who shops in between is turned away, by nobody's fault.
        await Eventually.IsTrueAsync(shop.AnswersAsync, "the shop answers", 30, shop.DescribeAsync);
        return shop;
    }

    public static string PodMetrics => """{podMetrics: {port: 9113}}""";

    public static string Prometheus(Uri address) => $$$"""{prometheus: {address: "{{{address}}}"}}""";

    public static string PrometheusAndPodMetrics(Uri address) => $$$"""{prometheus: {address: "{{{address}}}"}, podMetrics: {port: 9113}}""";

    public static string Tripwire => """{name: tripwire, preset: podMetrics, maxRate: "2%", compareWith: Stable, minRequests: 30}""";

    public static string PodMetricsMetric => """{name: http-errors, preset: podMetrics, maxRate: "2%", compareWith: Stable, minRequests: 30}""";

    /// <summary>
    /// Counts since the window began, and from zero for a pod that is younger than the window: increase() would miss all that a new pod
    /// counted before its second scrape.
    /// </summary>
    public static string PrometheusMetric => """
        {name: http-errors, maxRate: "2%", compareWith: Stable, minRequests: 30,
         failures: 'sum(http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}",status=~"5.."} - (http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}",status=~"5.."} offset {{ window }} or http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}",status=~"5.."} * 0))',
         total: 'sum(http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}"} - (http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}"} offset {{ window }} or http_requests_total{namespace="{{ namespace }}",pod=~"{{ pods }}"} * 0))'}
        """.ReplaceLineEndings(" ");

    public Task PatchAsync(
        string image, string provider, string metric, string steps = "[{weight: 20, hold: 5s}, {weight: 50, hold: 5s}]", string name = "fix", string deployment = "magento-web", string extra = "", string deadline = "90s", string probes = "[]",
        string traffic = "traffic: {replicaRatio: {}}") =>
        Kubectl.ApplyAsync(Manifest(image, provider, metric, steps, name, deployment, extra, deadline, probes, traffic));

    public string Manifest(
        string image, string provider, string metric, string steps = "[{weight: 20, hold: 5s}, {weight: 50, hold: 5s}]", string name = "fix", string deployment = "magento-web", string extra = "", string deadline = "90s", string probes = "[]",
        string traffic = "traffic: {replicaRatio: {}}") =>
        $$$$"""
            apiVersion: patchoperator.io/v1alpha1
            kind: EmergencyPatch
            metadata: {name: {{{{name}}}}, namespace: {{{{Namespace}}}}}
            spec:
              advisory: {id: APSB25-88, cves: [CVE-2025-54236], severity: Critical, disclosedAt: "{{{{DisclosedAt}}}}"}
              workloads: [{name: web, role: Web, deployment: {{{{deployment}}}}, containers: [{name: php, image: "{{{{image}}}}"}]}]
              canary: {steps: {{{{steps}}}}, progressDeadline: {{{{deadline}}}}, {{{{traffic}}}}}
              analysis: {provider: {{{{provider}}}}, interval: 1s, metrics: [{{{{metric}}}}], probes: {{{{probes}}}}}
            {{{{extra}}}}
            """;

    /// <summary>By someone who did not ask for the patch, and whom a Role lets approve, break the glass and abort.</summary>
    public Task AnnotateAsync(string command, string reason, string name = "fix") =>
        Kubectl.RunAsync($"{OperatorUnderTest.AsApprover} -n {Namespace} annotate epatch {name} \"patchoperator.io/{command}={reason}\"");

    public Task<JsonObject?> PatchStateAsync(string name = "fix") => ClusterReads.FindAsync(Kinds.EmergencyPatches, Namespace, name);

    public async Task<JsonNode?> ConditionAsync(string type, string name = "fix") =>
        (await PatchStateAsync(name))?["status"]?["conditions"]?.AsArray().FirstOrDefault(c => c!["type"]!.GetValue<string>() == type);

    public Task UntilPhaseAsync(string phase, int seconds, string name = "fix") =>
        Eventually.IsTrueAsync(async () => (await PatchStateAsync(name))?["status"]?["phase"]?.GetValue<string>() == phase, $"phase {phase}", seconds, DescribeAsync);

    public Task UntilAsync(Func<Task<bool>> reached, string what, int seconds) => Eventually.IsTrueAsync(reached, what, seconds, DescribeAsync);

    public async Task<IReadOnlyList<AuditRecord>> TrailAsync(string name = "fix") =>
        AuditChain.Parse((await PatchStateAsync(name))?["metadata"]?["annotations"]?[Annotations.Audit]?.GetValue<string>()) ?? [];

    public async Task<string> ImageAsync() =>
        (await ClusterReads.FindAsync(Kinds.Deployments, Namespace, "magento-web"))!["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>();

    /// <summary>Uids of pods that are not on their way out: equal before and after means that nothing was replaced.</summary>
    public async Task<IReadOnlyList<string>> PodsAsync() =>
        [.. (await ClusterReads.ListAsync(Kinds.Pods, Namespace)).Where(p => p["metadata"]!["deletionTimestamp"] is null).Select(p => p["metadata"]!["uid"]!.GetValue<string>()).Order()];

    public async Task<bool> HasCanaryAsync() =>
        (await ClusterReads.ListAsync(Kinds.Deployments, Namespace)).Count > 1 || (await ClusterReads.ListAsync(Kinds.Pods, Namespace, $"{Labels.Track}={Labels.TrackCanary}")).Count > 0;

    /// <summary>Names of the pods that the Service sends requests to.</summary>
    public async Task<IReadOnlyList<string>> EndpointsAsync() =>
    [
        .. ((await ClusterReads.FindAsync(Kinds.Endpoints, Namespace, "magento-web"))?["subsets"] as JsonArray ?? [])
            .SelectMany(s => s!["addresses"] as JsonArray ?? []).Select(a => a!["targetRef"]!["name"]!.GetValue<string>()),
    ];

    public async Task<IReadOnlyList<JsonObject>> EventsAsync(string reason) =>
        [.. (await ClusterReads.ListAsync(Events, Namespace)).Where(e => e["reason"]?.GetValue<string>() == reason)];

    public async Task<string> DescribeAsync() =>
        await Kubectl.RunAsync($"-n {Namespace} get epatch,deployments,pods,endpoints -o wide", mayFail: true)
        + await Kubectl.RunAsync($"-n {Namespace} get epatch -o yaml", mayFail: true)
        + await Kubectl.RunAsync($"-n {Namespace} get events --sort-by=.lastTimestamp", mayFail: true);

    public async ValueTask DisposeAsync()
    {
        await Kubectl.RunAsync($"-n {Namespace} delete epatch --all --wait=false", mayFail: true);
        await Kubectl.RunAsync($"delete namespace {Namespace} --wait=false", mayFail: true);
    }

    private async Task<bool> AnswersAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await client.GetAsync(Address);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Image(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } image
        ? image
        : throw new InvalidOperationException($"{variable} must name an image by digest; make e2e sets it.");
}
