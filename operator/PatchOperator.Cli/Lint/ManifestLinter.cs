using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Cli.Lint;

/// <summary>All findings of one file, each as <c>file:line: path: message</c>; documents of other kinds are none of ours.</summary>
internal static class ManifestLinter
{
    public static IReadOnlyList<string> Lint(string file, string text, ValidationOptions options)
    {
        var documents = YamlJson.Read(new StringReader(text));
        var findings = new List<(long Line, string Text)>();
        for (var index = 0; index < documents.Count; index++)
        {
            var document = documents[index];
            var number = documents.Count > 1 ? $"document {index + 1}: " : "";
            foreach (var (path, message) in FindProblems(document.Root, options))
            {
                var line = LineOf(document, path);
                findings.Add((line, $"{file}:{line}: {number}{path}: {message}"));
            }
        }

        return [.. findings.OrderBy(finding => finding.Line).Select(finding => finding.Text)];
    }

    private static IEnumerable<(string Path, string Message)> FindProblems(JsonNode? root, ValidationOptions options)
    {
        if (root is null)
        {
            return [];
        }

        if (root is not JsonObject resource || resource["apiVersion"] is not JsonValue || resource["kind"] is not JsonValue)
        {
            return [("kind", "is missing; write apiVersion and kind of a Kubernetes resource")];
        }

        var apiVersion = resource["apiVersion"]!.ToString();
        if (!apiVersion.StartsWith(Names.Group + "/", StringComparison.Ordinal))
        {
            return [];
        }

        return (apiVersion, resource["kind"]!.ToString()) switch
        {
            (Names.ApiVersion, Names.EmergencyPatchKind) => FindProblems(resource, DomainJson.Default.EmergencyPatch, patch =>
                SpecValidator.Validate(patch, options).Select(problem => (problem.Path, problem.Message))),
            (Names.ApiVersion, Names.ModuleCompatibilityKind) => FindProblems(resource, DomainJson.Default.ModuleCompatibility, module =>
                ModuleCompatibilityValidator.Validate(module).Select(problem => (problem.Path, problem.Message))),
            (Names.ApiVersion, var kind) => [("kind", $"{kind} is not known; write {Names.EmergencyPatchKind} or {Names.ModuleCompatibilityKind}")],
            _ => [("apiVersion", $"{apiVersion} is not known; write {Names.ApiVersion}")],
        };
    }

    private static IEnumerable<(string Path, string Message)> FindProblems<T>(JsonObject resource, JsonTypeInfo<T> type, Func<T, IEnumerable<(string Path, string Message)>> validate)
    {
        // Status is the operator's; what a file says of it is ignored by the API server too.
        resource.Remove("status");
        try
        {
            var value = resource.Deserialize(type)!;
            var unknown = UnknownFields.Of(resource, JsonSerializer.SerializeToNode(value, type)!.AsObject());
            return [.. unknown.Select(path => (path, "is not a field; check its spelling and its place")), .. validate(value)];
        }
        catch (JsonException exception)
        {
            var path = (exception.Path ?? "$").TrimStart('$').TrimStart('.');
            return [(path, $"{Shown(resource, path)} is of the wrong type; text such as \"9.1\", \"Off\" or \"1\" needs quotes, and a number must not have them")];
        }
    }

    private static string Shown(JsonNode? node, string path)
    {
        foreach (var part in path.Split('.', '[').Where(part => part.Length > 0))
        {
            node = part.EndsWith(']') ? (node as JsonArray)?[int.Parse(part.TrimEnd(']'))] : (node as JsonObject)?[part];
        }

        return node?.ToJsonString() ?? "null";
    }

    /// <summary>The line of the field, or of the nearest one around it that is there.</summary>
    private static long LineOf(YamlDocument document, string path)
    {
        while (path.Length > 0)
        {
            if (document.Lines.TryGetValue(path, out var line))
            {
                return line;
            }

            // The key of a map: "with[magento/framework]" stands in the file as a field of "with".
            if (path.EndsWith(']') && document.Lines.TryGetValue($"{path[..path.LastIndexOf('[')]}.{path[(path.LastIndexOf('[') + 1)..^1]}", out line))
            {
                return line;
            }

            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }

        return document.Lines.GetValueOrDefault("", 1);
    }
}
