using PatchOperator.Cli.Lint;
using PatchOperator.Domain.Validation;
using Xunit;
using YamlDotNet.Core;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class ManifestLinterTests
{
    private const string Healthy = """
        apiVersion: patchoperator.io/v1alpha1
        kind: EmergencyPatch
        metadata: {name: cve-2025-54236, labels: {team: payments}, generateName: whatever}
        spec:
          workloads:
          - name: web
            deployment: web
            containers: [{name: php, image: "magento@sha256:3f1d0c5c8e7b2a946d0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69"}]
          canary:
            steps:
            - {weight: 10, hold: 2m}
          analysis:
            provider: {podMetrics: {port: 9113}}
            metrics:
            - name: errors
              preset: podMetrics
              maxRate: "2%"

        """;

    [Fact]
    public void A_healthy_manifest_has_no_findings_and_other_kinds_are_left_alone() =>
        Assert.Empty(Lint(Healthy + "---\napiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n---\n"));

    [Theory]
    [InlineData("weight: 10", "weight: 0", "patch.yaml:11: spec.canary.steps[0].weight: 0 is out of range")]
    [InlineData("maxRate", "maxrate", "patch.yaml:17: spec.analysis.metrics[0].maxrate: is not a field")]
    [InlineData("hold: 2m", "holds: 2m", "patch.yaml:11: spec.canary.steps[0].holds: is not a field")]
    [InlineData("weight: 10", "weight: \"10\"", "patch.yaml:11: spec.canary.steps[0].weight: \"10\" is of the wrong type")]
    [InlineData("spec:\n", "spec:\n  compatibility: {mode: Off}\n", "patch.yaml:5: spec.compatibility.mode: false is of the wrong type")]
    [InlineData("    provider: {podMetrics: {port: 9113}}\n", "", "patch.yaml:12: spec.analysis.provider: none is given")]
    [InlineData("v1alpha1", "v2", "patch.yaml:1: apiVersion: patchoperator.io/v2 is not known")]
    [InlineData("EmergencyPatch", "EmergencyPatches", "patch.yaml:2: kind: EmergencyPatches is not known")]
    public void A_finding_names_line_path_and_fault(string healthy, string broken, string finding) =>
        Assert.Contains(Lint(Healthy.Replace(healthy, broken, StringComparison.Ordinal)), found => found.StartsWith(finding, StringComparison.Ordinal));

    [Theory]
    [InlineData("verdict: Incompatible", "verdict: Broken", "patch.yaml:11: spec.rules[0].verdict: 'Broken' is not known")]
    [InlineData("magento/framework: \">=103.0.6\"", "magento/framework: \"\"", "patch.yaml:10: spec.rules[0].with[magento/framework]: is missing")]
    [InlineData("  - versions: ^2.3\n    with", "  - with", "patch.yaml:8: spec.rules[0].versions: is missing")]
    [InlineData("reason:", "because:", "patch.yaml:12: spec.rules[0].because: is not a field")]
    [InlineData("acme/module-fraud-check", "Acme_FraudCheck", "patch.yaml:6: spec.module.name: 'Acme_FraudCheck' cannot be a Composer package")]
    public void What_is_known_of_a_module_is_checked_too(string healthy, string broken, string finding)
    {
        const string module = """
            apiVersion: patchoperator.io/v1alpha1
            kind: ModuleCompatibility
            metadata:
              name: acme-fraud-check
            spec:
              module: {name: acme/module-fraud-check}
              rules:
              - versions: ^2.3
                with:
                  magento/framework: ">=103.0.6"
                verdict: Incompatible
                reason: checkout answers 500

            """;
        Assert.Empty(Lint(module));
        Assert.Contains(Lint(module.Replace(healthy, broken, StringComparison.Ordinal)), found => found.StartsWith(finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("EmergencyPatch", "patch.yaml:1: spec.workloads:")]
    [InlineData("ModuleCompatibility", "patch.yaml:1: spec.rules:")]
    public void A_manifest_of_which_only_the_kind_is_there_is_told_what_it_lacks(string kind, string finding)
    {
        var findings = Lint($"apiVersion: patchoperator.io/v1alpha1\nkind: {kind}\n");
        Assert.Contains(findings, found => found.StartsWith("patch.yaml:1: metadata.name: is missing", StringComparison.Ordinal));
        Assert.Contains(findings, found => found.StartsWith(finding, StringComparison.Ordinal));
    }

    [Fact]
    public void With_several_documents_it_says_which() => Assert.StartsWith(
        "patch.yaml:30: document 2: spec.canary.steps[0].weight:",
        Assert.Single(Lint(Healthy + "---\n# second\n" + Healthy.Replace("weight: 10", "weight: 0", StringComparison.Ordinal))));

    [Fact]
    public void JSON_is_read_too() =>
        Assert.Contains("spec.workloads", Lint("""{"apiVersion": "patchoperator.io/v1alpha1", "kind": "EmergencyPatch", "metadata": {"name": "a"}, "spec": {}}""")[0], StringComparison.Ordinal);

    [Fact]
    public void Anchors_and_merge_keys_are_filled_in() => Assert.Empty(Lint(Healthy
        .Replace("- {weight: 10, hold: 2m}", "- &first {weight: 10, hold: 2m}\n    - {<<: *first, weight: 20}", StringComparison.Ordinal)));

    [Theory]
    [InlineData("a: 1\na: 2\n")]
    [InlineData("a: [1, 2\n")]
    [InlineData("a: *nothing\n")]
    public void What_is_not_YAML_is_said_with_its_line(string text) => Assert.True(Assert.ThrowsAny<YamlException>(() => Lint(text)).Start.Line >= 1);

    /// <summary>Nine lines that would be a billion items once their aliases are filled in.</summary>
    [Fact]
    public void Aliases_cannot_fill_the_memory()
    {
        var lines = new List<string> { "l0: &l0 [a, a, a, a, a, a, a, a, a, a]" };
        for (var level = 1; level < 9; level++)
        {
            lines.Add($"l{level}: &l{level} [{string.Join(", ", Enumerable.Repeat($"*l{level - 1}", 10))}]");
        }

        var exception = Assert.ThrowsAny<YamlException>(() => Lint(string.Join('\n', lines)));
        Assert.Contains("too large", exception.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Lint(string text) => ManifestLinter.Lint("patch.yaml", text, ValidationOptions.Default);
}
