using System.Text.Json.Nodes;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.Crds;
using PatchOperator.Traffic;

namespace PatchOperator.Tests.Unit.Traffic;

/// <summary>A folder in Cases: the route before, what is asked for, and its rules while the canary gets its share.</summary>
internal sealed record RouteCase(JsonObject Before, JsonArray During, IReadOnlyList<string> Services, int Weight, PreviewIntent? Preview)
{
    private static readonly string Root = Path.Combine(CrdSchemas.RepositoryRoot, "tests", "Unit", "Traffic", "Cases");

    public static IEnumerable<string> Names => Directory.EnumerateDirectories(Root).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal);

    public JsonArray Rules => Before["spec"]!["rules"]!.AsArray();

    public HttpRouteRules Editor => new("shop", [.. Services], Preview);

    public static RouteCase Read(string name)
    {
        var ask = CrdSchemas.ReadFile(Path.Combine(Root, name, "ask.yaml")).Single();
        var match = ask["header"] ?? ask["cookie"];
        return new RouteCase(
            AsFromServer(CrdSchemas.ReadFile(Path.Combine(Root, name, "before.yaml")).Single()),
            Wrapped(Path.Combine(Root, name, "during.yaml")),
            [.. ask["services"]!.AsArray().Select(s => s!.GetValue<string>())],
            (int)ask["weight"]!.GetValue<long>(),
            match is null ? null : new PreviewIntent(ask["header"]?["name"]?.GetValue<string>(), ask["cookie"]?["name"]?.GetValue<string>(), match["value"]!.GetValue<string>()));
    }

    /// <summary>Read from JSON, as everything is that the API server gives.</summary>
    private static JsonObject AsFromServer(JsonObject yaml) => JsonNode.Parse(yaml.ToJsonString())!.AsObject();

    /// <summary>A file with a list at the top.</summary>
    private static JsonArray Wrapped(string path)
    {
        var text = "rules:\n" + File.ReadAllText(path);
        return CrdSchemas.Read(new StringReader(text)).Single()["rules"]!.DeepClone().AsArray();
    }
}
