using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Cli.Lint;

/// <param name="Line">Of the field, or of the nearest one around it that is there; counted from 1.</param>
/// <param name="IsTooEarly">The value makes sense, and no code acts on it yet.</param>
internal sealed record LintFinding(long Line, string Path, string Message, bool IsTooEarly);

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
            findings.AddRange(Find(document, options).Select(finding => (finding.Line, $"{file}:{finding.Line}: {number}{finding.Path}: {finding.Message}")));
        }

        return [.. findings.OrderBy(finding => finding.Line).Select(finding => finding.Text)];
    }

    /// <summary>Of one document; empty for kinds that are none of ours.</summary>
    public static IEnumerable<LintFinding> Find(YamlDocument document, ValidationOptions options) =>
        FindProblems(document.Root, options).Select(problem => new LintFinding(LineOf(document, problem.Path), problem.Path, problem.Message, problem.Kind == SpecProblemKind.NotSupportedYet));

    private static IEnumerable<SpecProblem> FindProblems(JsonNode? root, ValidationOptions options)
    {
        if (root is null)
        {
            return [];
        }

        if (root is not JsonObject resource || resource["apiVersion"] is not JsonValue || resource["kind"] is not JsonValue)
        {
            return [Invalid("kind", "is missing; write apiVersion and kind of a Kubernetes resource")];
        }

        var apiVersion = resource["apiVersion"]!.ToString();
        if (!apiVersion.StartsWith(Names.Group + "/", StringComparison.Ordinal))
        {
            return [];
        }

        return (apiVersion, resource["kind"]!.ToString()) switch
        {
            (Names.ApiVersion, Names.EmergencyPatchKind) => FindProblems(resource, DomainJson.Default.EmergencyPatch, patch => SpecValidator.Validate(patch, options)),
            (Names.ApiVersion, Names.ModuleCompatibilityKind) => FindProblems(resource, DomainJson.Default.ModuleCompatibility, ModuleCompatibilityValidator.Validate),
            (Names.ApiVersion, var kind) => [Invalid("kind", $"{kind} is not known; write {Names.EmergencyPatchKind} or {Names.ModuleCompatibilityKind}")],
            _ => [Invalid("apiVersion", $"{apiVersion} is not known; write {Names.ApiVersion}")],
        };
    }

    private static SpecProblem Invalid(string path, string message) => new(path, SpecProblemKind.Invalid, message);

    private static IEnumerable<SpecProblem> FindProblems<T>(JsonObject resource, JsonTypeInfo<T> type, Func<T, IEnumerable<SpecProblem>> validate)
    {
        // Status is the operator's; what a file says of it is ignored by the API server too.
        resource.Remove("status");
        try
        {
            var value = resource.Deserialize(type)!;
            var unknown = UnknownFields.Of(resource, JsonSerializer.SerializeToNode(value, type)!.AsObject());
            return [.. unknown.Select(path => Invalid(path, "is not a field; check its spelling and its place")), .. validate(value)];
        }
        catch (JsonException exception)
        {
            var path = (exception.Path ?? "$").TrimStart('$').TrimStart('.');
            return [Invalid(path, $"{Shown(resource, path)} is of the wrong type; text such as \"9.1\", \"Off\" or \"1\" needs quotes, and a number must not have them")];
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
