using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;
using Xunit;

namespace PatchOperator.Tests.Unit.Validation;

public sealed class ModuleCompatibilityValidatorTests
{
    [Fact]
    public void A_sound_object_has_no_problems() => Assert.Empty(Problems(_ => { }));

    [Theory]
    [InlineData("metadata.name", "\"Acme_FraudCheck\"", "cannot be the name of an object")]
    [InlineData("spec.module.name", "null", "is missing; write the module as the inventory names it")]
    [InlineData("spec.module.name", "\"Acme_FraudCheck\"", "'Acme_FraudCheck' cannot be a Composer package; write vendor/package in lower case")]
    [InlineData("spec.module.name", "\"Acme/module-x\"", "cannot be a Composer package")]
    [InlineData("spec.module.type", "\"Plugin\"", "'Plugin' is not known; write ComposerPackage or ShopifyApp")]
    [InlineData("spec.owner.team", "\"\"", "is missing; write some text or leave it out")]
    [InlineData("spec.surfaces[0]", "\"Cart\"", "'Cart' is not known; write Checkout, Payment, AccountDashboard or Onboarding")]
    [InlineData("spec.surfaces[1]", "\"Payment\"", "'Payment' is there already, at spec.surfaces[0]")]
    [InlineData("spec.rules", "[]", "is empty; write at least one rule")]
    [InlineData("spec.rules[0].versions", "null", "is missing; write a constraint on the module's version, such as ^2.3, or * for any")]
    [InlineData("spec.rules[0].with[magento/framework]", "\"\"", "is missing; write a constraint on its version")]
    [InlineData("spec.rules[0].patches[0]", "\"\"", "is missing; write the id of an advisory, such as APSB25-88, or a CVE")]
    [InlineData("spec.rules[0].patches[1]", "\"APSB25-88\"", "'APSB25-88' is there already")]
    [InlineData("spec.rules[0].verdict", "null", "is missing; write Compatible, Conditional or Incompatible")]
    [InlineData("spec.rules[0].verdict", "\"Broken\"", "'Broken' is not known; write Compatible, Conditional or Incompatible")]
    [InlineData("spec.rules[0].reason", "null", "is missing; say why: a rule that is not Compatible needs a reason")]
    [InlineData("spec.rules[0].remedy.upgradeTo", "\"\"", "is missing; write a constraint that has the problem solved, such as ^2.4")]
    [InlineData("spec.rules[0].remedy.disable", "\"\"", "is missing; write some text or leave it out")]
    public void Each_fault_is_named_with_its_field_and_what_to_write(string path, string value, string message) =>
        Assert.Contains(Problems(resource => Set(resource, path, JsonNode.Parse(value))), problem => problem.StartsWith($"{path}: ", StringComparison.Ordinal) && problem.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void More_rules_than_the_API_takes_are_counted()
    {
        var rules = new JsonArray([.. Enumerable.Range(0, 101).Select(index => JsonNode.Parse($$"""{"versions": "{{index}}.0", "verdict": "Compatible"}"""))]);
        Assert.Equal(["spec.rules: has 101 items; write at most 100"], Problems(resource => Set(resource, "spec.rules", rules)));
    }

    [Fact]
    public void What_JSON_calls_null_is_a_missing_part_and_no_crash() =>
        Assert.Equal(["metadata.name: is missing; write the name of the object", "spec.module.name: is missing; write the module as the inventory names it, such as acme/module-fraud-check", "spec.rules: is empty; write at least one rule with versions and verdict"],
            ModuleCompatibilityValidator.Validate(JsonSerializer.Deserialize("""{"spec": null}""", DomainJson.Default.ModuleCompatibility)!).Select(problem => problem.ToString()));

    private static IReadOnlyList<string> Problems(Action<JsonObject> change)
    {
        var resource = JsonNode.Parse("""
            {"metadata": {"name": "acme-fraud-check"},
             "spec": {
               "module": {"name": "acme/module-fraud-check", "type": "ComposerPackage"},
               "owner": {"team": "payments", "contact": "slack:#payments"},
               "surfaces": ["Payment", "Checkout"],
               "rules": [
                 {"versions": "^2.3", "with": {"magento/framework": ">=103.0.6"}, "patches": ["APSB25-88", "CVE-2025-54236"], "verdict": "Incompatible", "reason": "checkout answers 500",
                  "remedy": {"upgradeTo": "^2.4", "disable": "bin/magento module:disable Acme_FraudCheck"}, "evidence": "https://tracker.example.com/PAY-4711"},
                 {"versions": "*", "verdict": "Compatible"}]}}
            """)!.AsObject();
        change(resource);
        return [.. ModuleCompatibilityValidator.Validate(resource.Deserialize(DomainJson.Default.ModuleCompatibility)!).Select(problem => problem.ToString())];
    }

    private static void Set(JsonNode node, string path, JsonNode? value)
    {
        var parts = path.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries);
        foreach (var part in parts[..^1])
        {
            node = part.EndsWith(']') ? int.TryParse(part[..^1], out var index) ? node[index]! : node[part[..^1]]! : node[part]!;
        }

        var last = parts[^1].TrimEnd(']');
        if (node is JsonArray items)
        {
            items[int.Parse(last)] = value;
        }
        else
        {
            node[last] = value;
        }
    }
}
