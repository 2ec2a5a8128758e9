namespace PatchOperator.TestKit.ApiServer;

internal enum ListMerge
{
    Atomic,
    Set,
    Map,
}

/// <summary>
/// What merging needs to know of a type: which lists are keyed and which maps are one value.
/// Unknown fields merge as Kubernetes merges untyped data: maps field by field, lists as a whole.
/// </summary>
internal sealed record TypeHint
{
    public static readonly TypeHint None = new();

    public IReadOnlyDictionary<string, TypeHint> Fields { get; init; } = new Dictionary<string, TypeHint>();

    /// <summary>The values of a map with free keys.</summary>
    public TypeHint? Values { get; init; }

    public TypeHint? Item { get; init; }

    public ListMerge List { get; init; }

    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>A key that is left out counts as this value, e.g. <c>protocol: TCP</c>.</summary>
    public IReadOnlyDictionary<string, string> KeyDefaults { get; init; } = new Dictionary<string, string>();

    /// <summary>Strategic merge patch knows one key only, e.g. <c>containerPort</c> where apply has containerPort and protocol.</summary>
    public string? PatchKey { get; init; }

    public bool Atomic { get; init; }

    public TypeHint Field(string name) => Fields.TryGetValue(name, out var hint) ? hint : Values ?? None;

    public TypeHint Items => Item ?? None;

    public static TypeHint Object(params (string Name, TypeHint Hint)[] fields) => new() { Fields = fields.ToDictionary(f => f.Name, f => f.Hint) };

    public static TypeHint MapList(string key, TypeHint? item = null) =>
        new() { List = ListMerge.Map, Keys = [key], PatchKey = key, Item = item };

    public static TypeHint PortList(string key) =>
        new() { List = ListMerge.Map, Keys = [key, "protocol"], PatchKey = key, KeyDefaults = new Dictionary<string, string> { ["protocol"] = "TCP" } };

    public static readonly TypeHint SetList = new() { List = ListMerge.Set };

    public static readonly TypeHint AtomicMap = new() { Atomic = true };
}
