using PatchOperator.Tests.E2E.Infrastructure;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>Consumers, an indexer and cron beside the web shop: one unit.</summary>
internal static class UnitScene
{
    public static IReadOnlyList<string> Workloads { get; } = ["deployment/magento-web", "deployment/magento-consumers", "statefulset/magento-indexer", "cronjob/magento-cron"];

    /// <param name="consumers">The image that consumers are to get; the others get a healthy one.</param>
    public static string Others(string consumers) =>
        $$""", {name: consumers, role: Worker, deployment: magento-consumers, containers: [{name: php, image: "{{consumers}}"}]}"""
        + $$""", {name: indexer, role: Worker, statefulSet: magento-indexer, containers: [{name: php, image: "{{Shop.HealthyImage}}"}]}"""
        + $$""", {name: cron, role: Cron, cronJob: magento-cron, containers: [{name: php, image: "{{Shop.HealthyImage}}"}]}""";

    public static async Task AddAsync(EngineScene scene)
    {
        var ns = scene.Shop.Namespace;

        // CronJobs are in batch/v1 since Kubernetes 1.21.
        var batch = (await Kubectl.RunAsync("api-versions")).Contains("batch/v1beta1", StringComparison.Ordinal) ? "batch/v1beta1" : "batch/v1";
        await Kubectl.ApplyAsync($$$$$$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: magento-consumers, namespace: {{{{{{ns}}}}}}}
            spec: {replicas: 1, selector: {matchLabels: {app: consumers}}, template: {metadata: {labels: {app: consumers}}, spec: {{{{{{Pod}}}}}}}}
            ---
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: magento-indexer, namespace: {{{{{{ns}}}}}}}
            spec: {replicas: 1, serviceName: magento-indexer, selector: {matchLabels: {app: indexer}}, template: {metadata: {labels: {app: indexer}}, spec: {{{{{{Pod}}}}}}}}
            ---
            apiVersion: {{{{{{batch}}}}}}
            kind: CronJob
            metadata: {name: magento-cron, namespace: {{{{{{ns}}}}}}}
            spec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: php, image: "{{{{{{Shop.StableImage}}}}}}", imagePullPolicy: IfNotPresent}]}}}}}
            """);
        await scene.RunAsync("rollout status deployment/magento-consumers --timeout=90s");
        await scene.RunAsync("rollout status statefulset/magento-indexer --timeout=90s");
    }

    private static string Pod => $$$$"""{terminationGracePeriodSeconds: 1, containers: [{name: php, image: "{{{{Shop.StableImage}}}}", imagePullPolicy: IfNotPresent, readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}}]}""";
}
