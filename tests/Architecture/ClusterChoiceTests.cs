using System.Diagnostics;
using System.Runtime.Versioning;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Architecture;

/// <summary>Which cluster <c>make e2e</c> takes: its script, with stand-ins for the tools that it calls. They write down how they were called.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ClusterChoiceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cluster-choice").FullName;

    public ClusterChoiceTests()
    {
        foreach (var name in (string[])[".ci", "bin", "kube-local"])
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }

        File.Copy(Path.Combine(CrdSchemas.RepositoryRoot, ".ci", "e2e"), Path.Combine(folder, ".ci", "e2e"));
        StandIn(".ci/test", "echo \"tests on $E2E_CLUSTER with $KUBECONFIG\"");
        StandIn("bin/kubectl", "case $1 in config) echo -n https://cluster.example.com ;; *) echo '{\"gitVersion\": \"v1.35.0\"}' ;; esac");
        StandIn("bin/docker", "exit 1");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_one_in_KUBECONFIG_goes_before_all_others()
    {
        Docker();
        KubeLocal();
        var (code, output) = Run(("KUBECONFIG", "/mine.yaml"));
        Assert.Equal(0, code);
        Assert.Contains("e2e: on kubeconfig, https://cluster.example.com, Kubernetes v1.35.0", output, StringComparison.Ordinal);
        Assert.Contains("tests on kubeconfig with /mine.yaml", output, StringComparison.Ordinal);
        Assert.Empty(Calls("k3d"));
        Assert.Empty(Calls("kube-local"));
    }

    [Fact]
    public void Else_k3d_where_Docker_runs_which_is_taken_away_again()
    {
        Docker();
        KubeLocal();
        var (code, output) = Run();
        Assert.Equal(0, code);
        Assert.Contains("e2e: on k3d,", output, StringComparison.Ordinal);
        Assert.Contains($"tests on k3d with {folder}/artifacts/k3d.kubeconfig", output, StringComparison.Ordinal);
        Assert.Equal(["cluster delete", "cluster create", "kubeconfig get", "cluster delete"], Calls("k3d").Select(call => string.Join(' ', call.Split(' ').Take(2))));
        Assert.Empty(Calls("kube-local"));
    }

    [Fact]
    public void Else_kube_local_also_where_k3d_is_there_and_Docker_does_not_run()
    {
        StandIn("bin/k3d", "echo \"$*\" >>k3d.calls");
        KubeLocal();
        var (code, output) = Run();
        Assert.Equal(0, code);
        Assert.Contains("e2e: on kube-local,", output, StringComparison.Ordinal);
        Assert.Contains("tests on kube-local with /kube-local.yaml", output, StringComparison.Ordinal);
        Assert.Equal(["up", "down"], Calls("kube-local"));
        Assert.Empty(Calls("k3d"));
    }

    [Fact]
    public void Without_any_it_says_what_to_do()
    {
        var (code, output) = Run();
        Assert.Equal(1, code);
        Assert.Contains("no cluster: set KUBECONFIG, or install k3d and Docker, or set KUBE_LOCAL", output, StringComparison.Ordinal);
    }

    private void Docker()
    {
        StandIn("bin/docker", "exit 0");
        StandIn("bin/k3d", "echo \"$*\" >>k3d.calls");
    }

    private void KubeLocal()
    {
        StandIn("kube-local/up.sh", "echo up >>kube-local.calls; echo export KUBECONFIG=/kube-local.yaml");
        StandIn("kube-local/down.sh", "echo down >>kube-local.calls");
    }

    private string[] Calls(string tool) => File.Exists(Path.Combine(folder, tool + ".calls")) ? File.ReadAllLines(Path.Combine(folder, tool + ".calls")) : [];

    private void StandIn(string name, string script)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, $"#!/bin/bash\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private (int Code, string Output) Run(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("/bin/bash", Path.Combine(folder, ".ci", "e2e")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        (string, string)[] usual =
        [
            ("PATH", $"{folder}/bin:/usr/bin:/bin"), ("HOME", folder), ("KUBE_LOCAL", $"{folder}/kube-local"), ("KUBE_LOCAL_BIN", folder), ("KUBE_LOCAL_RUN", $"{folder}/run"),
            ("E2E_NO_PUBLISH", "1"), ("STOREFRONT_STABLE", "set"), ("E2E_LOGS", $"{folder}/logs"),
        ];
        foreach (var (name, value) in usual.Concat(environment))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
