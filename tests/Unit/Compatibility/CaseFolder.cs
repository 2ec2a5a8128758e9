using PatchOperator.TestKit.Crds;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>
/// Folders of input beside <c>expected.txt</c>. With UPDATE_CASES=1 in the environment the expectation is written instead; read the
/// difference before you keep it.
/// </summary>
internal static class CaseFolder
{
    private const string Expected = "expected.txt";

    public static string Root(string kind) => Path.Combine(CrdSchemas.RepositoryRoot, "tests", "Unit", "Compatibility", "Cases", kind);

    public static TheoryData<string> All(string kind) => [.. Directory.EnumerateDirectories(Root(kind)).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> Inputs(string kind, string name) =>
        [.. Directory.EnumerateFiles(Path.Combine(Root(kind), name)).Where(file => Path.GetFileName(file) != Expected).Order(StringComparer.Ordinal)];

    public static void Check(string kind, string name, string actual)
    {
        var file = Path.Combine(Root(kind), name, Expected);
        actual = actual.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_CASES") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }
}
