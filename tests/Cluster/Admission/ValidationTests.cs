using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>What makes no sense is refused at the door, with the field and what to write instead.</summary>
public sealed class ValidationTests
{
    [Fact]
    public async Task A_bad_patch_is_refused_with_its_fields_and_the_fix()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        var bad = Town.Manifest(image: "magento:latest", steps: """[{"weight":50},{"weight":20}]""");
        var reply = await gatehouse.CreateAsync(Gatehouse.Dana, bad);
        Assert.Equal(422, reply.Code);
        Assert.Contains("spec.workloads[0].containers[0].image: ", reply.Message, StringComparison.Ordinal);
        Assert.Contains("spec.canary.steps[1].weight: ", reply.Message, StringComparison.Ordinal);
        Assert.Contains("denied the request", reply.Message, StringComparison.Ordinal);
        Assert.Equal(["spec.workloads[0].containers[0].image", "spec.canary.steps[1].weight"], reply.Body["details"]!["causes"]!.AsArray().Select(c => c!["field"]!.ToString()));
        Assert.Null(gatehouse.Town.Patch());
    }

    [Fact]
    public async Task What_is_merely_early_is_let_in_with_a_warning()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        var reply = (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest(spec: ""","closure":{"reviewWithin":"72h"}"""))).Ok();
        Assert.Contains(reply.Warnings, w => w.Contains("spec.closure.reviewWithin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rule_of_a_module_that_cannot_be_read_is_refused_as_well()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        var module = Town.Json($$"""
            {"apiVersion":"patchoperator.io/v1alpha1","kind":"ModuleCompatibility","metadata":{"name":"acme","namespace":"{{Town.Namespace}}"},
             "spec":{"module":{"name":"acme/module","type":"ComposerPackage"},"rules":[{"versions":"^^2","verdict":"Incompatible","reason":"breaks checkout"}]} }
            """);
        var reply = await gatehouse.SendAsync(Gatehouse.Dana, HttpMethod.Post, Gatehouse.Path("", "modulecompatibilities"), module);
        Assert.Equal(422, reply.Code);
        Assert.Contains("spec.rules[0].versions", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_the_operator_writes_a_status()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest())).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        var reply = await gatehouse.ReplaceAsync(Gatehouse.Mallory, patch => patch["status"]!["phase"] = "Promoted", subresource: "/status");
        Assert.Equal(403, reply.Code);
        Assert.Contains("status", reply.Message, StringComparison.Ordinal);
        Assert.Equal("AwaitingApproval", gatehouse.Town.Phase());
    }

    [Fact]
    public async Task What_was_stored_before_can_be_annotated_and_deleted_whatever_is_wrong_with_it()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();

        // As an older version let it in.
        gatehouse.Town.Api.Store.Create(Town.Patches, Town.Manifest(image: "magento:latest"));
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Blocked);
        (await gatehouse.AnnotateAsync(Gatehouse.Dana, "example.com/note", "to be deleted")).Ok();
        (await gatehouse.SendAsync(Gatehouse.Dana, HttpMethod.Delete, Gatehouse.Path("fix"), [])).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch() is null, "it is gone");
    }

    [Fact]
    public async Task With_no_webhook_to_be_reached_nothing_is_created_but_everything_can_be_deleted()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest())).Ok();
        gatehouse.Cut();
        Assert.Equal(500, (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest("other"))).Code);
        (await gatehouse.SendAsync(Gatehouse.Dana, HttpMethod.Delete, Gatehouse.Path("fix"), new JsonObject())).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Patch() is null, "it is gone");
    }
}
