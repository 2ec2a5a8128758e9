using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Patches.Resources;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;

[assembly: AssemblyFixture(typeof(OperatorUnderTest))]

// One test kills the operator, one cuts its webhooks, and seconds are measured: one collection at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>The operator as it is delivered: NativeAOT, in its image, installed with the chart and its rights.</summary>
public sealed class OperatorUnderTest : IAsyncLifetime
{
    public const string Namespace = "patch-operator";

    /// <summary>Who approves: patches are applied by the kubeconfig's own user, and whoever asks for one does not approve it.</summary>
    public const string Approver = "approver@example.com";

    public const string AsApprover = "--as=" + Approver + " --as-group=patch-operator-e2e:approvers --as-group=system:authenticated";

    /// <summary>Another person with the same rights.</summary>
    public const string AsReviewer = "--as=reviewer@example.com --as-group=patch-operator-e2e:approvers --as-group=system:authenticated";

    private static string Root { get; } = FindRoot();

    private static string? OperatorImage => Environment.GetEnvironmentVariable("E2E_OPERATOR_IMAGE");

    public async ValueTask InitializeAsync()
    {
        foreach (var crd in Directory.GetFiles(Path.Combine(Root, "crds"), "*.yaml").Order(StringComparer.Ordinal))
        {
            await Kubectl.ApplyAsync(await File.ReadAllTextAsync(crd));
        }

        await Kubectl.ApplyAsync("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata: {name: "patch-operator-e2e:approver"}
            rules: [{apiGroups: [patchoperator.io], resources: [emergencypatches], verbs: [get, list, watch, patch, approve, breakglass, abort]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: "patch-operator-e2e:approver"}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "patch-operator-e2e:approver"}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "patch-operator-e2e:approvers"}]
            """);
        if (OperatorImage is not { } image)
        {
            // On a cluster of the user's own the operator is installed already, the way they want it.
            return;
        }

        await Kubectl.RunAsync($"create namespace {Namespace}", mayFail: true);
        var (repository, digest) = (image.Split('@')[0], image.Split('@')[1]);
        var onKubeLocal = Environment.GetEnvironmentVariable("E2E_CLUSTER") == "kube-local";
        var server = new Uri((await Kubectl.RunAsync("config view --minify -o jsonpath={.clusters[0].cluster.server}")).Trim());

        // kube-local's API server listens on the node's loopback address only.
        var access = onKubeLocal ? $"--set extraEnv[0].name=KUBERNETES_SERVICE_HOST,extraEnv[0].value={server.Host},extraEnv[1].name=KUBERNETES_SERVICE_PORT --set-string extraEnv[1].value={server.Port}" : "";

        // Of the host's network the usual port may be taken.
        var admission = onKubeLocal ? "--set admission.port=29443" : "";
        var version = JsonNode.Parse(await Kubectl.RunAsync("get --raw /version"))!["gitVersion"]!.GetValue<string>();
        var manifest = await HelmAsync(
            $"template patch-operator {Path.Combine(Root, "charts/patch-operator")} -n {Namespace} --set image.repository={repository},image.digest={digest},replicas=1,podDisruptionBudget.enabled=false {access} {admission} --kube-version {version}");
        if (onKubeLocal)
        {
            // One port of the host's network can be had once: the old pod goes first, and the usual port may be taken.
            manifest = manifest.Replace("8080", "28080", StringComparison.Ordinal);
            manifest = Regex.Replace(manifest, "type: RollingUpdate\\s+rollingUpdate:\\s+maxSurge: 1\\s+maxUnavailable: 0", "type: Recreate");
            manifest = manifest.Replace("      serviceAccountName: patch-operator", "      hostNetwork: true\n      serviceAccountName: patch-operator", StringComparison.Ordinal);
        }

        await Kubectl.RunAsync($"-n {Namespace} apply --validate=false -f -", manifest);
        await Eventually.IsTrueAsync(async () => (await ClusterReads.FindAsync(Kinds.Deployments, Namespace, "patch-operator"))?["status"]?["readyReplicas"]?.GetValue<int>() == 1, "the operator is ready", 120);

        // Creations wait for the webhooks, and the API server calls none whose certificate it has no reason to trust.
        await Eventually.IsTrueAsync(async () => await TrustsAsync("mutatingwebhookconfiguration") && await TrustsAsync("validatingwebhookconfiguration"), "the API server trusts the webhooks", 60);
    }

    public ValueTask DisposeAsync()
    {
        CopyLogs();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the process without a chance to tidy up; the Deployment starts another.</summary>
    public static async Task KillAsync()
    {
        var before = (await PodAsync())!["metadata"]!["uid"]!.GetValue<string>();
        await Kubectl.RunAsync($"-n {Namespace} delete pod -l app.kubernetes.io/name=patch-operator --grace-period=0 --force");
        await Eventually.IsTrueAsync(async () => await PodAsync() is { } pod && pod["metadata"]!["uid"]!.GetValue<string>() != before, "another operator pod exists", 60);
    }

    private static async Task<bool> TrustsAsync(string kind) =>
        (await Kubectl.RunAsync($"get {kind} patch-operator.{Namespace} -o jsonpath={{.webhooks[*].clientConfig.caBundle}}", mayFail: true)).Length > 0;

    private static async Task<JsonObject?> PodAsync() => (await ClusterReads.ListAsync(Kinds.Pods, Namespace, "app.kubernetes.io/name=patch-operator")) is [var pod, ..] ? pod : null;

    /// <summary>The node's log files; kube-local has no `kubectl logs`.</summary>
    private static void CopyLogs()
    {
        if (Environment.GetEnvironmentVariable("E2E_LOGS") is not { Length: > 0 } folder || !Directory.Exists("/var/log/pods"))
        {
            return;
        }

        foreach (var log in Directory.GetFiles("/var/log/pods", "*.log", SearchOption.AllDirectories).Where(f => f.Contains($"/{Namespace}_", StringComparison.Ordinal)))
        {
            File.Copy(log, Path.Combine(folder, $"operator-{Math.Abs(log.GetHashCode(StringComparison.Ordinal))}.log"), overwrite: true);
        }
    }

    private static async Task<string> HelmAsync(string arguments)
    {
        var helm = Environment.GetEnvironmentVariable("HELM") ?? "helm";
        var kubeLocal = Path.Combine(Environment.GetEnvironmentVariable("KUBE_LOCAL") ?? "", "helm.sh");
        var start = new ProcessStartInfo("bash", ["-c", $"h=$(command -v {helm} || {kubeLocal}); exec \"$h\" {arguments}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"helm {arguments}: {await errors}");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PatchOperator.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
