using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PatchOperator.Cli.Yaml;

/// <summary>One YAML document as the API server would see it, and where each of its fields stands.</summary>
/// <param name="Root">Null for an empty document.</param>
/// <param name="Lines">Line by path, <c>spec.canary.steps[1].weight</c>, counted from 1.</param>
public sealed record YamlDocument(JsonNode? Root, IReadOnlyDictionary<string, long> Lines);

/// <summary>
/// YAML to JSON over the parser's events, since the library's object mapping needs reflection.
/// Follows kubectl's reading of plain scalars: a bare <c>Off</c> is false and a bare <c>5</c> a number.
/// </summary>
public static partial class YamlJson
{
    /// <summary>Aliases of aliases can make a small file huge.</summary>
    private const int MostNodes = 200_000;

    /// <exception cref="YamlException">The text is not YAML; tells the line.</exception>
    public static IReadOnlyList<YamlDocument> Read(TextReader text)
    {
        var parser = new Parser(text);
        parser.Consume<StreamStart>();
        var documents = new List<YamlDocument>();
        while (parser.TryConsume<DocumentStart>(out _))
        {
            var document = new DocumentReader(parser);
            documents.Add(new YamlDocument(document.ReadNode(""), document.Lines));
            parser.Consume<DocumentEnd>();
        }

        return documents;
    }

    internal static JsonNode? Resolve(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag.ToString().EndsWith(":str", StringComparison.Ordinal))
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => JsonValue.Create(true),
            "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => JsonValue.Create(false),
            _ when Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when Number().IsMatch(text) && double.TryParse(text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    private sealed class DocumentReader(IParser parser)
    {
        private readonly Dictionary<AnchorName, JsonNode?> anchors = [];
        private readonly Dictionary<string, long> lines = new(StringComparer.Ordinal);
        private int nodes;

        public IReadOnlyDictionary<string, long> Lines => lines;

        public JsonNode? ReadNode(string path)
        {
            lines.TryAdd(path, parser.Current!.Start.Line);
            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                return anchors.TryGetValue(alias.Value, out var known) ? Copy(known) : throw Wrong(alias, $"nothing is called &{alias.Value}");
            }

            var start = parser.Consume<NodeEvent>();
            Count(start, 1);
            var node = start switch
            {
                Scalar scalar => Resolve(scalar),
                SequenceStart => ReadSequence(path),
                _ => ReadMapping(path),
            };
            if (!start.Anchor.IsEmpty)
            {
                anchors[start.Anchor] = node;
            }

            return node;
        }

        private JsonArray ReadSequence(string path)
        {
            var items = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(ReadNode($"{path}[{items.Count}]"));
            }

            return items;
        }

        private JsonObject ReadMapping(string path)
        {
            var members = new JsonObject();
            var merged = new List<JsonNode?>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                if (!parser.TryConsume<Scalar>(out var key))
                {
                    throw Wrong(parser.Current!, "a key must be plain text");
                }

                var memberPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
                lines.TryAdd(memberPath, key.Start.Line);
                var value = ReadNode(memberPath);
                if (key is { Value: "<<", Style: ScalarStyle.Plain })
                {
                    merged.Add(value);
                }
                else if (!members.TryAdd(key.Value, value))
                {
                    throw Wrong(key, $"the key {key.Value} is there twice");
                }
            }

            foreach (var (name, value) in merged.SelectMany(Sources).SelectMany(source => source))
            {
                if (!members.ContainsKey(name))
                {
                    members[name] = Copy(value);
                }
            }

            return members;
        }

        private static IEnumerable<JsonObject> Sources(JsonNode? merged) => merged is JsonArray many ? many.OfType<JsonObject>() : merged is JsonObject one ? [one] : [];

        private JsonNode? Copy(JsonNode? node)
        {
            Count(parser.Current, Size(node));
            return node?.DeepClone();
        }

        private static int Size(JsonNode? node) => node switch
        {
            JsonArray items => 1 + items.Sum(Size),
            JsonObject members => 1 + members.Sum(member => Size(member.Value)),
            _ => 1,
        };

        private void Count(ParsingEvent? at, int more)
        {
            nodes += more;
            if (nodes > MostNodes)
            {
                throw new SemanticErrorException(at?.Start ?? Mark.Empty, at?.End ?? Mark.Empty, "the document is too large once its aliases are filled in");
            }
        }

        private static SemanticErrorException Wrong(ParsingEvent at, string message) => new(at.Start, at.End, message);
    }
}
