using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace PatchOperator.Patches;

/// <summary>
/// A template may name a variable or a port twice when it is created; server-side apply, by which a canary is made, refuses that
/// (<c>duplicate entries for key [name="PATH"]</c>). So they are collapsed, to the same effect.
/// </summary>
internal static class Duplicates
{
    /// <param name="pod">The canary's pod spec, which is changed.</param>
    public static void Collapse(JsonObject pod)
    {
        foreach (var container in PodContainers.Of(pod))
        {
            CollapseVariables(container);
            CollapsePorts(container);
        }

        KeepFirst(pod, "imagePullSecrets", secret => Text(secret["name"]) ?? "");
    }

    /// <summary>
    /// The last one of a name wins, but those before it count for variables in between, and for the last itself, as in <c>PATH=$(PATH):/app/bin</c>:
    /// then they go on under another name.
    /// </summary>
    private static void CollapseVariables(JsonObject container)
    {
        var all = (container["env"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        for (var i = 0; i < all.Count; i++)
        {
            var name = Text(all[i]["name"]) ?? "";
            var next = all.FindIndex(i + 1, v => Text(v["name"]) == name);
            if (next < 0)
            {
                continue;
            }

            var reference = new Regex(@"(?<=(?<!\$)(?:\$\$)*)\$\(" + Regex.Escape(name) + @"\)", RegexOptions.CultureInvariant);
            var readers = all[(i + 1)..(next + 1)].Where(v => Text(v["value"]) is { } value && reference.IsMatch(value)).ToArray();
            if (readers.Length == 0)
            {
                all.RemoveAt(i--);
                continue;
            }

            var other = Enumerable.Range(1, all.Count + 1).Select(n => $"{name}_{n}").First(free => all.All(v => Text(v["name"]) != free));
            all[i]["name"] = other;
            foreach (var reader in readers)
            {
                reader["value"] = reference.Replace(Text(reader["value"])!, $"$$({other})");
            }
        }

        Store(container, "env", all);
    }

    /// <summary>Names of the same port: probes that use a later one get its number.</summary>
    private static void CollapsePorts(JsonObject container)
    {
        var before = (container["ports"] as JsonArray ?? []).OfType<JsonObject>().ToArray();
        KeepFirst(container, "ports", port => $"{port["containerPort"]}/{Text(port["protocol"]) ?? "TCP"}");
        var left = container["ports"] as JsonArray ?? [];
        foreach (var gone in before.Where(port => Text(port["name"]) is { } name && left.All(p => Text(p!["name"]) != name)))
        {
            foreach (var action in Handlers(container).Where(a => Text(a["port"]) == Text(gone["name"])))
            {
                action["port"] = gone["containerPort"]!.DeepClone();
            }
        }
    }

    private static IEnumerable<JsonObject> Handlers(JsonObject container) =>
        from handler in ((string[])["livenessProbe", "readinessProbe", "startupProbe"]).Select(p => container[p]).Concat(((string[])["postStart", "preStop"]).Select(h => container["lifecycle"]?[h])).OfType<JsonObject>()
        from kind in (string[])["httpGet", "tcpSocket"]
        where handler[kind] is JsonObject
        select (JsonObject)handler[kind]!;

    private static void KeepFirst(JsonObject parent, string list, Func<JsonObject, string> key)
    {
        var all = (parent[list] as JsonArray ?? []).OfType<JsonObject>().ToArray();
        var distinct = all.DistinctBy(key, StringComparer.Ordinal).ToArray();
        if (distinct.Length < all.Length)
        {
            Store(parent, list, distinct);
        }
    }

    private static void Store(JsonObject parent, string list, IReadOnlyList<JsonObject> items)
    {
        if (parent[list] is JsonArray array && array.Count != items.Count)
        {
            array.Clear();
            foreach (var item in items)
            {
                array.Add((JsonNode)item);
            }
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
