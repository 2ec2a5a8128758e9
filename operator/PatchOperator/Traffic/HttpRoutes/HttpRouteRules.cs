using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Traffic;

/// <summary>
/// What the rules of an HTTPRoute have to be while a canary gets a share, and what they were before. Pure: rules in, rules out.
/// Only backends that name one of these Services are touched. Each gets a second one for the canary; all else stays as it is.
/// </summary>
/// <param name="ns">The route's namespace.</param>
/// <param name="services">The Services that select the workload's pods.</param>
internal sealed class HttpRouteRules(string? ns, IReadOnlyCollection<string> services)
{
    public const int MostRules = 16;
    public const int MostBackends = 16;

    /// <summary>Of all rules together; each alone may have 64, and a preview has no more than the rule that it stands ahead of.</summary>
    public const int MostMatches = 128;

    /// <summary>Weights larger than this are split as they are, which is fine enough; the API allows up to 1,000,000.</summary>
    private const int LargestToScale = 10_000;

    private readonly Dictionary<string, string> stableOf = services.ToDictionary(CanaryService.NameOf, StringComparer.Ordinal);

    /// <summary>Whether a backend of any rule is the canary's, at whatever weight.</summary>
    public bool NamesCanary(JsonArray rules) => Objects(rules).Any(rule => Backends(rule).Any(b => CanaryFor(b) is not null));

    /// <summary>
    /// The workload's backends as they are without the canary. A rule that has none of the canary's tells it itself; for the others it is
    /// <paramref name="saved"/>, which must have been made of the route before it was first touched. What was saved of a Service that no rule names any more
    /// comes last.
    /// </summary>
    public IReadOnlyList<BackendRecord> Originals(JsonArray rules, IReadOnlyList<BackendRecord> saved)
    {
        var originals = new List<BackendRecord>();
        var taken = new Dictionary<(string Rule, string Service), int>();
        foreach (var rule in Objects(rules).Where(r => !IsPreview(r)))
        {
            var shape = Shape(rule);
            var canaries = Backends(rule).Count(b => CanaryFor(b) is not null);
            foreach (var backend in Backends(rule).Where(b => StableService(b) is not null))
            {
                var service = StableService(backend)!;
                var at = taken[(shape, service)] = taken.GetValueOrDefault((shape, service)) + 1;
                var weight = canaries == 0 ? WrittenWeight(backend) : Saved(saved, shape, service, at - 1) is { } known ? known.Weight : Derived(rule, backend);
                originals.Add(new BackendRecord { Service = service, Rule = shape, Weight = weight });
            }
        }

        // A Service that no rule names for now, as during a maintenance page, is still the run's: its canary has to go, and it may come back.
        var named = originals.Select(o => o.Service).ToHashSet(StringComparer.Ordinal);
        return [.. originals, .. saved.Where(s => !named.Contains(s.Service))];
    }

    /// <summary>The rules without any trace of a canary.</summary>
    public JsonArray Restored(JsonArray rules, IReadOnlyList<BackendRecord> saved) => Split(rules, saved, 0, null);

    /// <summary>What is there already stays where it is, so that two patches, or two workloads of one, can share a route.</summary>
    /// <param name="rules">As they are.</param>
    /// <param name="saved">As for <see cref="Originals"/>.</param>
    /// <param name="percent">Share of the workload's requests that the canary gets, rule by rule.</param>
    /// <param name="preview">Whose requests get the canary in any case.</param>
    public JsonArray Split(JsonArray rules, IReadOnlyList<BackendRecord> saved, int percent, PreviewIntent? preview)
    {
        var originals = new Queue<BackendRecord>(Originals(rules, saved));
        var plans = new List<(JsonObject Rule, JsonObject Before, List<(JsonObject Backend, int Stable, int Canary)> Shares, JsonObject? Ahead)>();
        foreach (var rule in Objects(rules))
        {
            var before = IsPreview(rule) ? rule : WithoutCanary(rule, originals);
            var shares = IsPreview(rule) ? [] : Shares(before, percent);
            plans.Add((rule, before, shares, preview is not null && shares.Count > 0 ? Preview(before, shares, preview) : null));
        }

        var split = new JsonArray();
        var inPlace = new HashSet<int>();
        for (var i = 0; i < plans.Count; i++)
        {
            var (rule, before, shares, ahead) = plans[i];
            if (IsPreview(rule))
            {
                // Kept if it is what stands ahead of the next rule of the workload.
                var next = plans.FindIndex(i, p => p.Shares.Count > 0);
                if (next >= 0 && JsonNode.DeepEquals(rule, plans[next].Ahead) && inPlace.Add(next))
                {
                    split.Add(rule.DeepClone());
                }

                continue;
            }

            if (ahead is not null && !inPlace.Contains(i))
            {
                split.Add((JsonNode)ahead);
            }

            split.Add((JsonNode)Shared(rule, before, percent > 0 ? shares : []));
        }

        return split;
    }

    /// <summary>Percent of the workload's requests that the rules give the canary: the largest share of any rule, since that is what may be exposed.</summary>
    public int Percent(JsonArray rules)
    {
        var largest = 0.0;
        foreach (var rule in Objects(rules).Where(r => !IsPreview(r)))
        {
            double stable = Backends(rule).Where(b => StableService(b) is not null).Sum(Weight);
            double canary = Backends(rule).Where(b => CanaryFor(b) is not null).Sum(Weight);
            largest = canary > 0 ? Math.Max(largest, 100 * canary / (stable + canary)) : largest;
        }

        return (int)Math.Round(largest, MidpointRounding.AwayFromZero);
    }

    /// <summary>A rule without matches has one, that of every path.</summary>
    public static int Matches(JsonArray rules) => Objects(rules).Sum(rule => rule["matches"] is JsonArray { Count: > 0 } matches ? matches.Count : 1);

    /// <summary>Whether the smallest share that a rule can give the canary is more than was asked for: its own weight stands beside others' and is too small to divide.</summary>
    /// <param name="rules">Untouched.</param>
    /// <param name="percent">Share of the workload's requests.</param>
    /// <returns>Null if all is well.</returns>
    public string? TooCoarse(JsonArray rules, int percent)
    {
        foreach (var (rule, index) in Objects(rules).Select((rule, index) => (rule, index)))
        {
            foreach (var (backend, stable, canary) in Shares(rule, percent))
            {
                if (canary * 100L > (stable + canary) * (long)percent)
                {
                    return $"rule {index + 1} gives Service {StableService(backend)} the weight {stable + canary} beside other backends, and {percent} % of that is less than 1; "
                        + "multiply all weights of the rule by 100, which changes no share";
                }
            }
        }

        return null;
    }

    /// <summary>A rule of ours for testers: the canary and nobody else answers. No rule of the user's can name the canary's Service, since it did not exist before.</summary>
    public bool IsPreview(JsonObject rule) => Backends(rule).ToArray() is { Length: > 0 } backends && backends.All(b => CanaryFor(b) is not null);

    /// <summary>The rule as it is without a canary.</summary>
    private JsonObject WithoutCanary(JsonObject rule, Queue<BackendRecord> originals)
    {
        var copy = rule.DeepClone().AsObject();
        foreach (var canary in Backends(copy).Where(b => CanaryFor(b) is not null).ToArray())
        {
            copy["backendRefs"]!.AsArray().Remove(canary);
        }

        foreach (var backend in Backends(copy).Where(b => StableService(b) is not null))
        {
            SetWeight(backend, originals.Dequeue().Weight);
        }

        return copy;
    }

    /// <summary>The rule with these shares: a canary's backend that is there keeps its place, and one that is not goes to the end.</summary>
    private JsonObject Shared(JsonObject rule, JsonObject before, List<(JsonObject Backend, int Stable, int Canary)> shares)
    {
        var copy = rule.DeepClone().AsObject();
        foreach (var (backend, original) in Backends(copy).Where(b => StableService(b) is not null).Zip(Backends(before).Where(b => StableService(b) is not null)))
        {
            var share = shares.Where(s => ReferenceEquals(s.Backend, original)).Select(s => (int?)s.Stable).FirstOrDefault();
            SetWeight(backend, share ?? WrittenWeight(original));
        }

        var missing = shares.Select(s => Canary(s.Backend, s.Canary)).ToList();
        foreach (var present in Backends(copy).Where(b => CanaryFor(b) is not null).ToArray())
        {
            if (missing.Find(m => JsonNode.DeepEquals(WithoutWeight(m), WithoutWeight(present))) is { } wanted)
            {
                missing.Remove(wanted);
                SetWeight(present, WrittenWeight(wanted));
            }
            else
            {
                copy["backendRefs"]!.AsArray().Remove(present);
            }
        }

        missing.ForEach(m => copy["backendRefs"]!.AsArray().Add((JsonNode)m));
        return copy;
    }

    private List<(JsonObject Backend, int Stable, int Canary)> Shares(JsonObject rule, int percent)
    {
        var all = Backends(rule).ToArray();
        var own = all.Where(b => StableService(b) is not null && Weight(b) > 0).ToArray();
        if (own.Length == 0)
        {
            return [];
        }

        var divisor = own.Select(Weight).Aggregate(GreatestCommonDivisor);
        var alone = all.Where(b => StableService(b) is null).All(b => Weight(b) == 0);
        if (alone && own.Max(Weight) / divisor <= LargestToScale)
        {
            return [.. own.Select(b => (b, Weight(b) / divisor * (100 - percent), Weight(b) / divisor * percent))];
        }

        // Beside other backends only what the workload had may be divided: rounded down, never more exposure than was asked for.
        return [.. own.Select(b => (Backend: b, Canary: Math.Min(Weight(b), Math.Max(percent > 0 ? 1 : 0, (int)(Weight(b) * (long)percent / 100))))).Select(s => (s.Backend, Weight(s.Backend) - s.Canary, s.Canary))];
    }

    private JsonObject Canary(JsonObject stable, int weight)
    {
        var canary = stable.DeepClone().AsObject();
        canary["name"] = CanaryService.NameOf(StableService(stable)!);
        canary["weight"] = weight;
        return canary;
    }

    private JsonObject? Preview(JsonObject rule, List<(JsonObject Backend, int Stable, int Canary)> shares, PreviewIntent preview)
    {
        var (name, type, value) = preview.Header is { } header ? (header, "Exact", preview.Value) : ("Cookie", "RegularExpression", CookiePattern(preview.Cookie!, preview.Value));
        var matches = new JsonArray();
        foreach (var match in rule["matches"] is JsonArray { Count: > 0 } given ? Objects(given) : [new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" } }])
        {
            var headers = match["headers"] is JsonArray present ? present.DeepClone().AsArray() : [];
            if (Objects(headers).Any(h => string.Equals(h["name"]?.GetValue<string>(), name, StringComparison.OrdinalIgnoreCase)))
            {
                // A header can be matched once; requests of this match are the user's own business.
                continue;
            }

            headers.Add((JsonNode)new JsonObject { ["type"] = type, ["name"] = name, ["value"] = value });
            var copy = match.DeepClone().AsObject();
            copy["headers"] = headers;
            matches.Add((JsonNode)copy);
        }

        if (matches.Count == 0)
        {
            return null;
        }

        var ahead = rule.DeepClone().AsObject();

        // A rule's name is unique in its route.
        ahead.Remove("name");
        ahead["matches"] = matches;
        ahead["backendRefs"] = new JsonArray([.. shares.Select(s => (JsonNode)Canary(s.Backend, Weight(s.Backend)))]);
        return ahead;
    }

    /// <summary>Right also where an expression need not match the whole header. Names and values have no character that means something else, but the dot.</summary>
    private static string CookiePattern(string name, string value) => $"^(.*;[ ]*)?{name}={value.Replace(".", "[.]", StringComparison.Ordinal)}([ ]*;.*)?$";

    /// <summary>What stays the same of a rule while weights move and canaries come and go, also those of other patches.</summary>
    private string Shape(JsonObject rule)
    {
        var shape = rule.DeepClone().AsObject();
        shape["backendRefs"] = new JsonArray([.. Backends(rule).Where(b => StableService(b) is not null).Select(WithoutWeight)]);
        return CanonicalJson.Sha256(shape)[..12];
    }

    /// <summary>The record of the same rule; of a rule that was edited in mid-run, any other of the Service.</summary>
    private static BackendRecord? Saved(IReadOnlyList<BackendRecord> saved, string rule, string service, int at)
    {
        var same = saved.Where(s => s.Rule == rule && s.Service == service).ToArray();
        return at < same.Length ? same[at] : same.Concat(saved.Where(s => s.Service == service)).FirstOrDefault();
    }

    /// <summary>Beside other backends the two shares add up to what it was; alone any weight means the same.</summary>
    private int? Derived(JsonObject rule, JsonObject stable)
    {
        var canary = Backends(rule).FirstOrDefault(b => CanaryFor(b) == StableService(stable));
        var alone = Backends(rule).All(b => StableService(b) is not null || CanaryFor(b) is not null || Weight(b) == 0);
        return alone || canary is null ? 1 : Weight(stable) + Weight(canary);
    }

    private string? StableService(JsonObject backend) => ServiceOf(backend) is { } service && services.Contains(service) ? service : null;

    /// <summary>The Service that a canary's backend stands beside.</summary>
    private string? CanaryFor(JsonObject backend) => ServiceOf(backend) is { } service ? stableOf.GetValueOrDefault(service) : null;

    private string? ServiceOf(JsonObject backend)
    {
        var isService = (Text(backend, "group") ?? "").Length == 0 && (Text(backend, "kind") ?? "Service") == "Service";
        return isService && (Text(backend, "namespace") ?? ns) == ns ? Text(backend, "name") : null;
    }

    private static IEnumerable<JsonObject> Backends(JsonObject rule) => rule["backendRefs"] is JsonArray backends ? Objects(backends) : [];

    private static IEnumerable<JsonObject> Objects(JsonArray items) => items.OfType<JsonObject>();

    private static string? Text(JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static int? WrittenWeight(JsonObject backend) => (backend["weight"] as JsonValue) switch
    {
        { } value when value.TryGetValue(out int weight) => weight,
        { } value when value.TryGetValue(out long weight) => (int)weight,
        _ => null,
    };

    /// <summary>1 is what the API says of a backend without a weight.</summary>
    private static int Weight(JsonObject backend) => WrittenWeight(backend) ?? 1;

    private static void SetWeight(JsonObject backend, int? weight)
    {
        if (weight is null)
        {
            backend.Remove("weight");
        }
        else if (WrittenWeight(backend) != weight)
        {
            backend["weight"] = weight;
        }
    }

    private static JsonNode WithoutWeight(JsonObject backend)
    {
        var copy = backend.DeepClone().AsObject();
        copy.Remove("weight");
        return copy;
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
