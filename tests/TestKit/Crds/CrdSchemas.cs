using System.Text.Json.Nodes;
using PatchOperator.Cli.Yaml;

namespace PatchOperator.TestKit.Crds;

/// <summary>The CRDs of this repository as JSON.</summary>
public static class CrdSchemas
{
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Whole CustomResourceDefinitions, by the kind that they define.</summary>
    public static IReadOnlyDictionary<string, JsonObject> ByKind { get; } = Directory
        .EnumerateFiles(Path.Combine(RepositoryRoot, "crds"), "*.yaml")
        .SelectMany(ReadFile)
        .ToDictionary(crd => crd["spec"]!["names"]!["kind"]!.GetValue<string>(), StringComparer.Ordinal);

    /// <summary>The OpenAPI schema of a kind's only version.</summary>
    public static JsonObject Schema(string kind) => Version(kind)["schema"]!["openAPIV3Schema"]!.AsObject();

    public static JsonObject Version(string kind) => ByKind[kind]["spec"]!["versions"]![0]!.AsObject();

    public static IReadOnlyList<JsonObject> ReadFile(string path)
    {
        using var text = File.OpenText(path);
        return Read(text);
    }

    public static IReadOnlyList<JsonObject> Read(TextReader text) => [.. YamlJson.Read(text).Select(document => document.Root).OfType<JsonObject>()];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PatchOperator.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("PatchOperator.sln is in no folder above the tests");
    }
}
