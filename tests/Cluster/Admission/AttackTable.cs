using System.Reflection;
using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>What a test tries, and what comes of it.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AttackAttribute(string attempt, string outcome) : Attribute
{
    public string Attempt { get; } = attempt;

    public string Outcome { get; } = outcome;
}

/// <summary>The list of attacks for readers is made of the tests, so that it names nothing that was not tried.</summary>
public sealed class AttackTable(ITestOutputHelper output)
{
    [Fact]
    public void Readme_lists_every_attack_that_is_tried_and_no_other()
    {
        string[] rows = [.. from type in (Type[])[typeof(AttackTests), typeof(SideDoorTests), typeof(RestorationTests)]
                            from method in type.GetMethods().OrderBy(m => m.MetadataToken)
                            from attack in method.GetCustomAttributes<AttackAttribute>()
                            select $"{attack.Attempt} | {attack.Outcome} |"];
        string[] table = ["| # | attempt | what happened |", "| --- | --- | --- |", .. rows.Select((row, index) => $"| {index + 1} | {row}")];
        output.WriteLine(string.Join('\n', table));
        Assert.True(rows.Length >= 40, $"{rows.Length} attacks");
        var readme = File.ReadAllText(Path.Combine(CrdSchemas.RepositoryRoot, "operator", "PatchOperator", "Admission", "README.md"));
        Assert.Contains(string.Join('\n', table), readme, StringComparison.Ordinal);
    }
}
