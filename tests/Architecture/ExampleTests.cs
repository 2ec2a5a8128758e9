using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Architecture;

/// <summary>Whatever a reader may copy works.</summary>
public sealed partial class ExampleTests
{
    private static readonly string[] Skipped = ["bin", "obj", ".git", "node_modules", "artifacts"];

    /// <summary>Every YAML file below examples/, and every YAML block of every README that holds one of our kinds.</summary>
    public static TheoryData<string> Ready => [.. Files("examples", "*.yaml").Where(file => !file.Contains("not-yet")).Concat(Files("", "*.md").Where(file => Resources(file).Count > 0))];

    public static TheoryData<string> NotYet => [.. Files("examples/not-yet", "*.yaml")];

    [Theory]
    [MemberData(nameof(Ready))]
    public void It_is_accepted(string file) => Assert.All(Resources(file), resource =>
    {
        Assert.Equal([], StructuralSchema.Validate(resource, CrdSchemas.Schema(resource["kind"]!.ToString())));
        Assert.Equal([], Problems(resource).Select(problem => problem.ToString()));
    });

    [Theory]
    [MemberData(nameof(NotYet))]
    public void What_is_shown_for_later_makes_sense_and_is_refused_by_name(string file) => Assert.All(Resources(file), resource =>
    {
        Assert.Equal([], StructuralSchema.Validate(resource, CrdSchemas.Schema(resource["kind"]!.ToString())));
        var problems = Problems(resource);
        Assert.NotEmpty(problems);
        Assert.Equal([], problems.Where(problem => problem.Kind != SpecProblemKind.NotSupportedYet).Select(problem => problem.ToString()));
    });

    [Fact]
    public void One_of_them_uses_every_field_that_waits_for_its_code()
    {
        string[] cannotStandBesideTheOthers = ["spec.revert.automatic"];
        var refused = Problems(Assert.Single(Resources("examples/not-yet/everything.yaml"))).Select(problem => Index().Replace(problem.Path, "[]"));
        Assert.Equal([], UnsupportedFields.Paths.Except(refused).Except(cannotStandBesideTheOthers));
    }

    [Theory]
    [InlineData("spec.canary.stepz", "unknown field")]
    [InlineData("spec.canary.steps[0].weight", "maximum")]
    [InlineData("spec.platform", "is none of")]
    public void The_schema_check_itself_sees_what_is_wrong(string path, string fragment)
    {
        var resource = Assert.Single(Resources("examples/minimal.yaml"));
        resource["spec"]!["canary"]!["stepz"] = new JsonArray();
        resource["spec"]!["canary"]!["steps"]![0]!["weight"] = 101;
        resource["spec"]!["platform"] = "Shopware";
        Assert.Contains(StructuralSchema.Validate(resource, CrdSchemas.Schema("EmergencyPatch")), problem =>
            problem.StartsWith(path + ":", StringComparison.Ordinal) && problem.Contains(fragment, StringComparison.Ordinal));
    }

    private static IReadOnlyList<SpecProblem> Problems(JsonObject resource) => resource["kind"]!.ToString() == Names.EmergencyPatchKind
        ? SpecValidator.Validate(resource.Deserialize(DomainJson.Default.EmergencyPatch)!, ValidationOptions.Default)
        : ModuleCompatibilityValidator.Validate(resource.Deserialize(DomainJson.Default.ModuleCompatibility)!);

    private static IEnumerable<string> Files(string folder, string pattern) => Directory
        .EnumerateFiles(Path.Combine(CrdSchemas.RepositoryRoot, folder), pattern, SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(CrdSchemas.RepositoryRoot, file))
        .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(Skipped).Any());

    private static List<JsonObject> Resources(string file)
    {
        var text = File.ReadAllText(Path.Combine(CrdSchemas.RepositoryRoot, file));
        var parts = file.EndsWith(".md", StringComparison.Ordinal) ? YamlBlock().Matches(text).Select(match => match.Groups[1].Value) : [text];

        // A block of other YAML, such as Helm values, is none of ours.
        return [.. parts.Where(part => part.Contains($"apiVersion: {Names.Group}/", StringComparison.Ordinal))
            .SelectMany(part => CrdSchemas.Read(new StringReader(part)))
            .Where(resource => CrdSchemas.ByKind.ContainsKey(resource["kind"]?.ToString() ?? ""))];
    }

    [GeneratedRegex(@"^```ya?ml\s*\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock();

    [GeneratedRegex(@"\[[0-9]+\]")]
    private static partial Regex Index();
}
