using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using Xunit;

namespace PatchOperator.Tests.Unit.Patches;

/// <summary>A canary made from templates of many kinds.</summary>
public sealed class CanaryManifestTests
{
    private static readonly EmergencyPatch Patch = new() { Metadata = new ObjectMeta { Name = "fix", Namespace = "shop", Uid = "patch-uid" } };

    [Theory]
    [InlineData("""{"matchLabels":{"app":"web"}}""", "web-canary", "php")]
    [InlineData("""{"matchExpressions":[{"key":"tier","operator":"In","values":["php","fpm"]}]}""", "web", "php-canary")]
    [InlineData("""{"matchExpressions":[{"key":"tier","operator":"In","values":["php","php-canary"]}]}""", "web", "php")]
    [InlineData("""{"matchExpressions":[{"key":"tier","operator":"Exists"}]}""", "web", "php")]
    public void An_autoscaler_that_counts_by_the_Deployments_selector_does_not_count_the_canarys_pods(string selector, string app, string tier)
    {
        var stable = JsonNode.Parse("""
            {"spec":{"selector":SELECTOR,"template":{"metadata":{"labels":{"app":"web","tier":"php"}},"spec":{"containers":[{"name":"php","image":"a"}]}}}}
            """.Replace("SELECTOR", selector, StringComparison.Ordinal))!.AsObject();
        var canary = CanaryManifest.Of(Patch, stable, new EnsureCanary("web", "web", 1, "v1", [new ImageRecord { Container = "php", Image = "b" }]), []);
        var labels = canary["spec"]!["template"]!["metadata"]!["labels"]!;
        Assert.Equal((app, tier), ((string?)labels["app"], (string?)labels["tier"]));
    }
}
