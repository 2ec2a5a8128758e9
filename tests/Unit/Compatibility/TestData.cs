using System.Text.Json;
using PatchOperator.TestKit.Crds;

namespace PatchOperator.Tests.Unit.Compatibility;

internal static class TestData
{
    public static IEnumerable<JsonElement> Lines(string file) => Text(file).Select(line =>
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    });

    public static IEnumerable<string> Text(string file) => File.ReadLines(Path.Combine(CrdSchemas.RepositoryRoot, "tests/Unit/Compatibility/Data", file));
}
