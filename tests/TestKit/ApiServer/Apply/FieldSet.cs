using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>
/// A set of field paths, in the shape of <c>fieldsV1</c>. Path elements keep their wire form:
/// <c>f:spec</c>, <c>k:{"name":"php"}</c>, <c>v:"finalizer"</c>.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    /// <summary>This path itself is in the set, not only paths below it.</summary>
    public bool IsMember { get; set; }

    public IReadOnlyDictionary<string, FieldSet> Children => _children;

    public bool IsEmpty => !IsMember && _children.Count == 0;

    public FieldSet? Find(string element) => _children.GetValueOrDefault(element);

    public void Add(string element, FieldSet child)
    {
        if (!child.IsEmpty)
        {
            _children[element] = _children.TryGetValue(element, out var present) ? present.Union(child) : child;
        }
    }

    public void Drop(string element) => _children.Remove(element);

    public static FieldSet Parse(JsonNode? fieldsV1)
    {
        var set = new FieldSet();
        foreach (var (element, below) in fieldsV1 as JsonObject ?? [])
        {
            if (element == ".")
            {
                set.IsMember = true;
                continue;
            }

            var child = Parse(below);
            child.IsMember |= child._children.Count == 0;
            set.Add(element, child);
        }

        return set;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (IsMember && _children.Count > 0)
        {
            json["."] = new JsonObject();
        }

        foreach (var (element, child) in _children)
        {
            json[element] = child.ToJson();
        }

        return json;
    }

    public FieldSet Union(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember || other.IsMember };
        foreach (var (element, child) in _children)
        {
            result._children[element] = child;
        }

        foreach (var (element, child) in other._children)
        {
            result.Add(element, child);
        }

        return result;
    }

    public FieldSet Minus(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        foreach (var (element, child) in _children)
        {
            result.Add(element, other.Find(element) is { } also ? child.Minus(also) : child);
        }

        return result;
    }

    public FieldSet Intersect(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && other.IsMember };
        foreach (var (element, child) in _children)
        {
            if (other.Find(element) is { } also)
            {
                result.Add(element, child.Intersect(also));
            }
        }

        return result;
    }

    public bool SameAs(FieldSet other) => JsonNode.DeepEquals(ToJson(), other.ToJson());

    /// <summary>As in conflict messages: <c>.spec.template.spec.containers[name="php"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (IsMember)
        {
            yield return prefix;
        }

        foreach (var (element, child) in _children)
        {
            foreach (var path in child.Paths(prefix + Show(element)))
            {
                yield return path;
            }
        }
    }

    private static string Show(string element) => element[..2] switch
    {
        "f:" => "." + element[2..],
        "k:" => "[" + string.Join(",", (JsonNode.Parse(element[2..]) as JsonObject ?? []).Select(p => $"{p.Key}={p.Value.Compact()}")) + "]",
        _ => $"[={element[2..]}]",
    };
}
