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

    /// <summary>Weights larger than this are split as they are, which is fine enough; the API allows up to 1,000,000.</summary>
    private const int LargestToScale = 10_000;

    private readonly Dictionary<string, string> stableOf = services.ToDictionary(CanaryService.NameOf, StringComparer.Ordinal);

    /// <summary>Whether requests lead to the workload, in any rule.</summary>
    public bool NamesWorkload(JsonArray rules) => Objects(rules).Any(rule => Backends(rule).Any(b => StableService(b) is not null && Weight(b) > 0));

    /// <summary>Whether a backend of any rule is the canary's, at whatever weight.</summary>
    public bool NamesCanary(JsonArray rules) => Objects(rules).Any(rule => Backends(rule).Any(b => CanaryFor(b) is not null));

    /// <summary>
    /// The workload's backends as they are without the canary. A rule that has none of the canary's tells it itself; for the others it is
    /// <paramref name="saved"/>, which must have been made of the route before it was first touched.
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

        return originals;
    }

    /// <summary>The rules without any trace of a canary.</summary>
    public JsonArray Restored(JsonArray rules, IReadOnlyList<BackendRecord> saved)
    {
        var originals = new Queue<BackendRecord>(Originals(rules, saved));
        var restored = new JsonArray();
        foreach (var rule in Objects(rules).Where(r => !IsPreview(r)))
        {
            var copy = rule.DeepClone().AsObject();
            if (copy["backendRefs"] is JsonArray backends)
            {
                foreach (var canary in backends.OfType<JsonObject>().Where(b => CanaryFor(b) is not null).ToArray())
                {
                    backends.Remove(canary);
                }

                foreach (var backend in backends.OfType<JsonObject>().Where(b => StableService(b) is not null))
                {
                    SetWeight(backend, originals.Dequeue().Weight);
                }
            }

            restored.Add((JsonNode)copy);
        }

        return restored;
    }

    /// <param name="restored">What <see cref="Restored"/> returned.</param>
    /// <param name="percent">Share of the workload's requests that the canary gets, rule by rule.</param>
    /// <param name="preview">Whose requests get the canary in any case.</param>
    public JsonArray Split(JsonArray restored, int percent, PreviewIntent? preview)
    {
        var split = new JsonArray();
        foreach (var rule in Objects(restored))
        {
            var copy = rule.DeepClone().AsObject();
            var shares = Shares(copy, percent);
            if (preview is not null && shares.Count > 0 && Preview(rule, shares, preview) is { } ahead)
            {
                split.Add((JsonNode)ahead);
            }

            if (percent > 0)
            {
                foreach (var (backend, stable, canary) in shares)
                {
                    SetWeight(backend, stable);
                    copy["backendRefs"]!.AsArray().Add((JsonNode)Canary(backend, canary));
                }
            }

            split.Add((JsonNode)copy);
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

    /// <summary>Whether the smallest share that a rule can give the canary is more than was asked for: its own weight stands beside others' and is too small to divide.</summary>
    public string? TooCoarse(JsonArray restored, int percent)
    {
        foreach (var (rule, index) in Objects(restored).Select((rule, index) => (rule, index)))
        {
            foreach (var (backend, stable, canary) in Shares(rule.DeepClone().AsObject(), percent))
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

    /// <summary>What stays the same of a rule while weights move and canaries come and go.</summary>
    private string Shape(JsonObject rule)
    {
        var shape = rule.DeepClone().AsObject();
        if (shape["backendRefs"] is JsonArray backends)
        {
            foreach (var backend in backends.OfType<JsonObject>().ToArray())
            {
                backend.Remove("weight");
                if (CanaryFor(backend) is not null)
                {
                    backends.Remove(backend);
                }
            }
        }

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

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
