using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Api.V1Alpha1;
using YamlDotNet.Core.Events;

namespace PatchOperator.Cli.Compatibility;

/// <summary>Writes manifests as people write them. The same objects give the same text, so that a second import shows what changed.</summary>
internal static partial class ModuleYaml
{
    public static string Format(IReadOnlyList<ModuleCompatibility> modules)
    {
        var text = new StringBuilder();
        foreach (var module in modules)
        {
            text.Append(text.Length == 0 ? "" : "---\n");
            text.Append($"apiVersion: {Names.ApiVersion}\nkind: {Names.ModuleCompatibilityKind}\nmetadata:\n  name: {Scalar(module.Metadata.Name)}\n");
            text.Append(module.Metadata.Namespace is { } ns ? $"  namespace: {Scalar(ns)}\n" : "");
            text.Append("spec:\n");
            Members(text, JsonSerializer.SerializeToNode(module.Spec, DomainJson.Default.ModuleCompatibilitySpec)!.AsObject(), "  ");
        }

        return text.ToString();
    }

    private static void Members(StringBuilder text, JsonObject members, string indent)
    {
        foreach (var (name, value) in members)
        {
            switch (value)
            {
                case null:
                    break;
                case JsonObject inner:
                    text.Append($"{indent}{Scalar(name)}:\n");
                    Members(text, inner, indent + "  ");
                    break;
                case JsonArray items when items.Any(item => item is JsonObject):
                    text.Append($"{indent}{Scalar(name)}:\n");
                    foreach (var item in items)
                    {
                        var start = text.Length;
                        Members(text, item!.AsObject(), indent + "  ");
                        text[start + indent.Length] = '-';
                    }

                    break;
                case JsonArray items:
                    text.Append($"{indent}{Scalar(name)}: [{string.Join(", ", items.Select(item => Scalar(item!.GetValue<string>())))}]\n");
                    break;
                default:
                    text.Append($"{indent}{Scalar(name)}: {Scalar(value.GetValue<string>())}\n");
                    break;
            }
        }
    }

    /// <summary>Plain where every reader of YAML takes it for this very text, else in double quotes.</summary>
    internal static string Scalar(string text) =>
        Plain().IsMatch(text) && YamlJson.Resolve(new Scalar(text)) is JsonValue value && value.TryGetValue<string>(out _) && !Date().IsMatch(text) ? text : Quoted(text);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => @"\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.Format || letter is '\u2028' or '\u2029' or '\u00A0' => $"\\u{(int)letter:x4}",
                _ => letter.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z0-9^~./_][A-Za-z0-9^~./_ ()+-]*(?<! )\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    // Older readers take these for times and for numbers of base 60 or 8.
    [GeneratedRegex(@"^[0-9][0-9_.eExXoO+-]*\z|^~\z|^[yYnN]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Date();
}
