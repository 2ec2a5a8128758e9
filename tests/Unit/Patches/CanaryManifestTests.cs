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

    [Fact]
    public void A_variable_is_replaced_in_its_place_and_a_new_one_comes_last()
    {
        var stable = Stable(
            """{"name":"php","image":"a","env":[{"name":"A","value":"1"},{"name":"PREFIX","value":"m2"},{"name":"KEY","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},{"name":"URL","value":"$(PREFIX)/$(A)"}]}""");
        var php = Canary(stable, new CanaryOverlay { Env = [new EnvVar { Name = "NEW", Value = "$(PREFIX)" }, new EnvVar { Name = "PREFIX", Value = "canary" }] })["containers"]![0]!;
        Assert.Equal(
            """[{"name":"A","value":"1"},{"name":"PREFIX","value":"canary"},{"name":"KEY","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}},{"name":"URL","value":"$(PREFIX)/$(A)"},{"name":"NEW","value":"$(PREFIX)"}]""",
            php["env"]!.ToJsonString());
    }

    [Theory]
    [InlineData("canary", "canary")]
    [InlineData(null, "")]
    public void A_variable_from_a_Secret_becomes_a_plain_one_for_the_API_takes_no_two_sources(string? value, string written)
    {
        var stable = Stable("""{"name":"php","image":"a","env":[{"name":"KEY","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}""");
        var php = Canary(stable, new CanaryOverlay { Env = [new EnvVar { Name = "KEY", Value = value }] })["containers"]![0]!;
        Assert.Equal($$"""[{"name":"KEY","value":"{{written}}"}]""", php["env"]!.ToJsonString());
    }

    [Fact]
    public void Containers_that_are_not_patched_get_no_variable()
    {
        var containers = Canary(Stable("""{"name":"php","image":"a"},{"name":"proxy","image":"p"}"""), new CanaryOverlay { Env = [new EnvVar { Name = "A", Value = "1" }] })["containers"]!;
        Assert.Equal("""[{"name":"php","image":"b","env":[{"name":"A","value":"1"}]},{"name":"proxy","image":"p"}]""", containers.ToJsonString());
    }

    public static TheoryData<string, VolumeOverlay, string> Volumes => new()
    {
        { """{"name":"v","configMap":{"name":"a","defaultMode":256,"optional":true}}""", new() { Name = "v", ConfigMap = new() { Name = "b" } }, """{"name":"v","configMap":{"name":"b","defaultMode":256,"optional":true}}""" },
        { """{"name":"v","secret":{"secretName":"a","items":[{"key":"k","path":"p"}]}}""", new() { Name = "v", Secret = new() { Name = "b" } }, """{"name":"v","secret":{"secretName":"b","items":[{"key":"k","path":"p"}]}}""" },
        { """{"name":"v","persistentVolumeClaim":{"claimName":"a","readOnly":true}}""", new() { Name = "v", PersistentVolumeClaim = new() { Name = "b" } }, """{"name":"v","persistentVolumeClaim":{"claimName":"b","readOnly":true}}""" },
        { """{"name":"v","emptyDir":{"medium":"Memory"}}""", new() { Name = "v", EmptyDir = new() }, """{"name":"v","emptyDir":{"medium":"Memory"}}""" },
        { """{"name":"v","configMap":{"name":"a","defaultMode":256}}""", new() { Name = "v", EmptyDir = new() }, """{"name":"v","emptyDir":{}}""" },
        { """{"name":"v","configMap":{"name":"a","items":[{"key":"k","path":"p"}]}}""", new() { Name = "v", Secret = new() { Name = "b" } }, """{"name":"v","secret":{"secretName":"b"}}""" },
        { """{"name":"v","emptyDir":{}}""", new() { Name = "v", PersistentVolumeClaim = new() { Name = "b" } }, """{"name":"v","persistentVolumeClaim":{"claimName":"b"}}""" },
        { """{"name":"v","emptyDir":{}}""", new() { Name = "unknown", Secret = new() { Name = "b" } }, """{"name":"v","emptyDir":{}}""" },
    };

    [Theory]
    [MemberData(nameof(Volumes))]
    public void A_volume_gets_its_other_source_in_its_place_and_nothing_of_another_kind_stays(string before, VolumeOverlay overlay, string after)
    {
        const string first = """{"name":"code","emptyDir":{}}""", last = """{"name":"tmp","hostPath":{"path":"/tmp"}}""";
        var stable = Stable("""{"name":"php","image":"a"}""", $"{first},{before},{last}");
        Assert.Equal($"[{first},{after},{last}]", Canary(stable, new CanaryOverlay { Volumes = [overlay] })["volumes"]!.ToJsonString());
    }

    private static JsonObject Stable(string containers, string volumes = "") => JsonNode.Parse(
        """{"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[CONTAINERS],"volumes":[VOLUMES]}}}}"""
            .Replace("CONTAINERS", containers, StringComparison.Ordinal).Replace("VOLUMES", volumes, StringComparison.Ordinal))!.AsObject();

    /// <summary>The canary's pod spec. Stable's own object, which the cache shares, is as it was.</summary>
    private static JsonNode Canary(JsonObject stable, CanaryOverlay overlay)
    {
        var before = stable.ToJsonString();
        var canary = CanaryManifest.Of(Patch, stable, new EnsureCanary("web", "web", 1, "v1", [new ImageRecord { Container = "php", Image = "b" }], overlay), []);
        Assert.Equal(before, stable.ToJsonString());
        return canary["spec"]!["template"]!["spec"]!;
    }
}
