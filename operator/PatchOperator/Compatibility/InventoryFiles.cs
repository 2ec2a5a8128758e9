using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Compatibility;

/// <summary>Turns the keys of a ConfigMap, or the value of an annotation, into one inventory. Content may be packed with gzip, and then be base64.</summary>
internal static class InventoryFiles
{
    /// <summary>
    /// A real lock is 1 to 3 MiB. What the operator read must not end it: it would read the same after its restart. At these limits it needs 156 MB, and has 256 MiB.
    /// </summary>
    private const int MostUnpacked = 8 * 1024 * 1024;

    /// <summary>Several of the largest at once would need more memory than there is.</summary>
    private static readonly Lock OneAtATime = new();

    /// <param name="configMap">The whole object.</param>
    /// <param name="keys">Each one a file; together they tell of one image.</param>
    public static InventoryResult Read(JsonObject configMap, IReadOnlyList<string> keys)
    {
        var name = configMap["metadata"]?["name"]?.GetValue<string>();
        using var turn = OneAtATime.EnterScope();
        var sum = new Sum();
        foreach (var key in keys)
        {
            if (Bytes(configMap, key) is not { } bytes)
            {
                var present = Keys(configMap, "data").Concat(Keys(configMap, "binaryData")).Order(StringComparer.Ordinal).ToArray();
                return InventoryResult.Failed("InventoryMissing", $"ConfigMap {name} has no key {key}; it has {(present.Length > 0 ? string.Join(", ", present) : "none")}.");
            }

            if (sum.Add(bytes, $"ConfigMap {name}, {key}") is { } failed)
            {
                return failed;
            }
        }

        return sum.Result;
    }

    /// <summary>Several texts that tell of one image.</summary>
    public static InventoryResult ReadTexts(IEnumerable<(string Source, string Text)> texts)
    {
        using var turn = OneAtATime.EnterScope();
        var sum = new Sum();
        foreach (var (source, text) in texts)
        {
            if (Add(sum, text, source) is { } failed)
            {
                return failed;
            }
        }

        return sum.Result;
    }

    /// <param name="text">Any known format, or that packed with gzip and written as base64.</param>
    /// <param name="source">For messages.</param>
    public static InventoryResult ReadText(string text, string source) => ReadTexts([(source, text)]);

    private static InventoryResult? Add(Sum sum, string text, string source)
    {
        var bytes = Encoding.UTF8.GetBytes(text);

        // "H4sI" is how the first bytes of gzip look in base64.
        if (text.StartsWith("H4sI", StringComparison.Ordinal))
        {
            try
            {
                bytes = Convert.FromBase64String(text);
            }
            catch (FormatException)
            {
                return InventoryResult.Failed("InventoryInvalid", $"{source} begins like gzip in base64 and goes on otherwise; write it anew with: gzip -c composer.lock | base64 -w0.");
            }
        }

        return sum.Add(bytes, source);
    }

    private static byte[]? Bytes(JsonObject configMap, string key)
    {
        if (configMap["data"]?[key] is JsonValue text)
        {
            return Encoding.UTF8.GetBytes(text.GetValue<string>());
        }

        return configMap["binaryData"]?[key] is JsonValue binary ? Convert.FromBase64String(binary.GetValue<string>()) : null;
    }

    private static IEnumerable<string> Keys(JsonObject configMap, string member) => (configMap[member] as JsonObject)?.Select(each => each.Key) ?? [];

    /// <summary>Puts files together. The limits hold for all of them, since ten small keys can become as much as one large one.</summary>
    private sealed class Sum
    {
        private Inventory? all;
        private int length;

        public InventoryResult Result => new(all, null, null);

        /// <returns>Null, or what is wrong.</returns>
        public InventoryResult? Add(byte[] bytes, string source)
        {
            if (Gzip.IsPacked(bytes))
            {
                if (!Gzip.TryUnpack(bytes, MostUnpacked, out var unpacked, out var problem))
                {
                    return Invalid($"{source} {problem}.");
                }

                bytes = unpacked;
            }

            length += bytes.Length;
            if (length > MostUnpacked)
            {
                return Invalid($"{source} and what was read before it have more than {MostUnpacked >> 20} MiB together when they are unpacked, which no inventory needs.");
            }

            var reading = InventoryReader.Read(bytes);
            if (reading.Inventory is not { } inventory)
            {
                return Invalid($"{source}: {reading.Problem}.");
            }

            all = all is null ? inventory : all.With(inventory);
            return all.Entries > Inventory.MostEntries
                ? Invalid($"{source} together with what was read before it names more than {Inventory.MostEntries} packages, modules and requirements, which no image has.")
                : null;
        }

        private static InventoryResult Invalid(string message) => InventoryResult.Failed("InventoryInvalid", message);
    }
}

/// <summary>The inventory, or why there is none.</summary>
internal sealed record InventoryResult(Inventory? Inventory, string? Reason, string? Message)
{
    public static InventoryResult Failed(string reason, string message) => new(null, reason, message);
}
