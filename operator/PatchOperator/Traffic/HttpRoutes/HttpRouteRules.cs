using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using static PatchOperator.Traffic.HttpRouteJson;
using static PatchOperator.Traffic.HttpRoutePreview;

namespace PatchOperator.Traffic;

/// <summary>
/// What the rules of an HTTPRoute have to be while a canary gets a share, and what they were before. Pure: rules in, rules out.
/// Only backends that name one of these Services are touched. Each gets a second one for the canary; all else stays as it is.
/// </summary>
/// <param name="ns">The route's namespace.</param>
/// <param name="services">The Services that select the workload's pods.</param>
/// <param name="preview">Whose requests get the canary in any case.</param>
internal sealed class HttpRouteRules(string? ns, IReadOnlyCollection<string> services, PreviewIntent? preview = null)
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
        var left = saved.ToList();
        var present = Whole(rules).Where(r => !IsPreview(r, rules)).Select(r => (Rule: r, Shape: Shape(r), Services: Own(r).Select(b => StableService(b)!).ToArray())).ToArray();

        // What a rule claims by its shape is no other's, so these come first.
        var known = present.Select(r => Take(left, r.Services, c => c[0].Rule == r.Shape)).ToArray();
        List<BackendRecord> originals =
        [
            .. present.Zip(known).SelectMany(pair => Weights(pair.First.Rule, pair.Second, left)
                .Zip(pair.First.Services, (weight, service) => new BackendRecord { Service = service, Rule = pair.First.Shape, Weight = weight })),
        ];

        // A Service that no rule names for now, as during a maintenance page, is still the run's: its canary has to go, and it may come back.
        var named = originals.Select(o => o.Service).ToHashSet(StringComparer.Ordinal);
        return [.. originals, .. saved.Where(s => !named.Contains(s.Service))];
    }

    /// <summary>The rules without any trace of a canary.</summary>
    public JsonArray Restored(JsonArray rules, IReadOnlyList<BackendRecord> saved) => Split(rules, saved, null);

    /// <summary>What is there already stays where it is, so that two patches, or two workloads of one, can share a route.</summary>
    /// <param name="rules">As they are.</param>
    /// <param name="saved">As for <see cref="Originals"/>.</param>
    /// <param name="percent">Share of the workload's requests that the canary gets, rule by rule; null takes the preview away, too.</param>
    public JsonArray Split(JsonArray rules, IReadOnlyList<BackendRecord> saved, int? percent)
    {
        var originals = new Queue<BackendRecord>(Originals(rules, saved));
        var plans = new List<(JsonObject Rule, bool IsPreview, JsonObject Before, List<(JsonObject Backend, int Stable, int Canary)> Shares, JsonObject? Ahead)>();
        foreach (var rule in Whole(rules))
        {
            var isPreview = IsPreview(rule, rules);
            var before = isPreview ? rule : WithoutCanary(rule, originals);
            var shares = isPreview ? [] : Shares(before, percent ?? 0);
            plans.Add((rule, isPreview, before, shares, preview is not null && percent is not null && shares.Count > 0 ? Preview(before, shares) : null));
        }

        var split = new JsonArray();
        var inPlace = new HashSet<int>();
        for (var i = 0; i < plans.Count; i++)
        {
            var (rule, isPreview, before, shares, ahead) = plans[i];
            if (isPreview)
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
        foreach (var rule in Objects(rules).Where(r => !IsPreview(r, rules)))
        {
            double stable = Own(rule).Sum(Weight);
            double canary = Backends(rule).Where(b => CanaryFor(b) is not null).Sum(Weight);
            largest = canary > 0 ? Math.Max(largest, 100 * canary / (stable + canary)) : largest;
        }

        return (int)Math.Round(largest, MidpointRounding.AwayFromZero);
    }

    /// <summary>A rule without matches has one, that of every path.</summary>
    public static int Matches(JsonArray rules) => Objects(rules).Sum(rule => rule["matches"] is JsonArray { Count: > 0 } matches ? matches.Count : 1);

    /// <summary>Whether a rule has nothing for the canary, for its own weight stands beside others' and is too small to divide.</summary>
    /// <param name="rules">As they are.</param>
    /// <param name="saved">As for <see cref="Originals"/>.</param>
    /// <param name="percent">Share of the workload's requests.</param>
    /// <returns>Null if all is well.</returns>
    public string? TooCoarse(JsonArray rules, IReadOnlyList<BackendRecord> saved, int percent)
    {
        foreach (var (rule, index) in Objects(Restored(rules, saved)).Select((rule, index) => (rule, index)))
        {
            foreach (var (backend, stable, _) in Shares(rule, percent).Where(s => s.Canary == 0 && percent > 0))
            {
                return $"rule {index + 1} gives Service {StableService(backend)} the weight {stable} beside other backends, and {percent} % of that is less than 1; "
                    + "multiply all weights of the rule by 100, which changes no share";
            }
        }

        return null;
    }

    /// <summary>
    /// A rule of ours for testers: the canary and nobody else answers, and it is told by the header, or, where the spec names another by now, by being a copy of a
    /// rule beside it. Any other that the canary has alone is one of the user's, who took stable's backend out.
    /// </summary>
    public bool IsPreview(JsonObject rule, JsonArray rules) =>
        IsCanaryAlone(rule)
        && rule["matches"] is JsonArray { Count: > 0 } matches
        && ((preview is not null && Objects(matches).All(m => Headers(m).Any(h => JsonNode.DeepEquals(h, PreviewHeader(preview)))))
            || (Headers(Objects(matches).First()).LastOrDefault() is { } header && Objects(rules).Any(other => !IsCanaryAlone(other) && Own(other).Any() && IsAhead(rule, other, header))));

    private bool IsCanaryAlone(JsonObject rule) => Backends(rule).ToArray() is { Length: > 0 } backends && backends.All(b => CanaryFor(b) is not null);

    /// <summary>The rules; one that a user has left to the canary alone gets stable's backends back, or it would answer nobody once the canary is gone.</summary>
    private IEnumerable<JsonObject> Whole(JsonArray rules) => Objects(rules).Select(rule => IsCanaryAlone(rule) && !IsPreview(rule, rules) ? WithStable(rule) : rule);

    private JsonObject WithStable(JsonObject rule)
    {
        var copy = rule.DeepClone().AsObject();
        var backends = copy["backendRefs"]!.AsArray();
        foreach (var (canary, at) in Backends(rule).Select((canary, at) => (canary, at)))
        {
            var stable = canary.DeepClone().AsObject();
            stable["name"] = CanaryFor(canary);
            stable["weight"] = 0;
            backends.Insert(at, stable);
        }

        return copy;
    }

    /// <summary>The rule as it is without a canary.</summary>
    private JsonObject WithoutCanary(JsonObject rule, Queue<BackendRecord> originals)
    {
        var copy = rule.DeepClone().AsObject();
        foreach (var canary in Backends(copy).Where(b => CanaryFor(b) is not null).ToArray())
        {
            copy["backendRefs"]!.AsArray().Remove(canary);
        }

        foreach (var backend in Own(copy))
        {
            SetWeight(backend, originals.Dequeue().Weight);
        }

        return copy;
    }

    /// <summary>The rule with these shares: a canary's backend that is there keeps its place, and one that is not goes to the end.</summary>
    private JsonObject Shared(JsonObject rule, JsonObject before, List<(JsonObject Backend, int Stable, int Canary)> shares)
    {
        var copy = rule.DeepClone().AsObject();
        foreach (var (backend, original) in Own(copy).Zip(Own(before)))
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
        var own = Own(rule).Where(b => Weight(b) > 0).ToArray();
        if (own.Length == 0)
        {
            return [];
        }

        var divisor = own.Select(Weight).Aggregate(GreatestCommonDivisor);
        if (IsAlone(rule) && own.Max(Weight) / divisor <= LargestToScale)
        {
            return [.. own.Select(b => (b, Weight(b) / divisor * (100 - percent), Weight(b) / divisor * percent))];
        }

        // Beside other backends only what the workload had may be divided: rounded down, never more exposure than was asked for.
        return [.. own.Select(b => (Backend: b, Canary: (int)(Weight(b) * (long)percent / 100))).Select(s => (s.Backend, Weight(s.Backend) - s.Canary, s.Canary))];
    }

    private JsonObject Canary(JsonObject stable, int weight)
    {
        var canary = stable.DeepClone().AsObject();
        canary["name"] = CanaryService.NameOf(StableService(stable)!);
        canary["weight"] = weight;
        return canary;
    }

    private JsonObject? Preview(JsonObject rule, List<(JsonObject Backend, int Stable, int Canary)> shares)
    {
        var ahead = Ahead(rule, PreviewHeader(preview!));
        ahead?["backendRefs"] = new JsonArray([.. shares.Select(s => (JsonNode)Canary(s.Backend, Weight(s.Backend)))]);
        return ahead;
    }

    /// <summary>What stays the same of a rule while weights move and canaries come and go, also those of other patches.</summary>
    private string Shape(JsonObject rule)
    {
        var shape = rule.DeepClone().AsObject();
        shape["backendRefs"] = new JsonArray([.. Own(rule).Select(WithoutWeight)]);
        return CanonicalJson.Sha256(shape)[..12];
    }

    /// <summary>
    /// What the workload's backends of a rule weigh without the canary. Of a rule that was edited in mid-run the record is one that no other claims, if the
    /// shares show it: no weight is taken over from another rule. Failing that, the two shares add up to what it was, or, alone, to as much of the whole.
    /// </summary>
    private IEnumerable<int?> Weights(JsonObject rule, IReadOnlyList<BackendRecord>? known, List<BackendRecord> left)
    {
        if (!Backends(rule).Any(b => CanaryFor(b) is not null))
        {
            return Own(rule).Select(WrittenWeight);
        }

        var (live, alone) = (Live(rule), IsAlone(rule));
        var services = Own(rule).Select(b => StableService(b)!).ToArray();
        var found = known is null
            ? Take(left, services, c => alone ? IsInProportion(Weights(c), live) : Weights(c).SequenceEqual(live))
            : alone || !WasAlone(Weights(known), live) ? known : null;
        return found?.Select(r => r.Weight) ?? live.Select(w => (int?)w);
    }

    /// <summary>Others' backends came in mid-run, beside weights that were split as those of a rule of the workload's own.</summary>
    private static bool WasAlone(int[] saved, int[] live)
    {
        var divisor = saved.Aggregate(GreatestCommonDivisor);
        return !saved.SequenceEqual(live) && saved.Zip(live).All(w => w.Second * (long)divisor == w.First * 100L);
    }

    private static bool IsInProportion(int[] saved, int[] live) =>
        saved.Sum(w => (long)w) is > 0 and var all && live.Sum(w => (long)w) is var now && saved.Zip(live).All(w => w.First * now == w.Second * all);

    private static int[] Weights(IReadOnlyList<BackendRecord> records) => [.. records.Select(r => r.Weight ?? 1)];

    /// <summary>Stable and canary together, of each of stable's backends.</summary>
    private int[] Live(JsonObject rule)
    {
        var own = Own(rule).ToArray();
        var canaries = Backends(rule).Where(b => CanaryFor(b) is not null).ToList();
        return
        [
            .. own.Select(stable =>
            {
                // One whose stable backend got another port is known by the Service.
                var canary = canaries.Find(c => IsCanaryOf(c, stable)) ?? canaries.Find(c => CanaryFor(c) == StableService(stable) && !own.Any(o => IsCanaryOf(c, o)));
                return Weight(stable) + (canary is not null && canaries.Remove(canary) ? Weight(canary) : 0);
            }),
        ];
    }

    private bool IsCanaryOf(JsonObject canary, JsonObject stable) => JsonNode.DeepEquals(WithoutWeight(canary), WithoutWeight(Canary(stable, 0)));

    /// <summary>The records of one rule, which stand together.</summary>
    private static IReadOnlyList<BackendRecord>? Take(List<BackendRecord> left, string[] services, Predicate<IReadOnlyList<BackendRecord>> fits)
    {
        for (var i = 0; services.Length > 0 && i + services.Length <= left.Count; i++)
        {
            var records = left.GetRange(i, services.Length);
            if (records.All(r => r.Rule == records[0].Rule) && records.Select(r => r.Service).SequenceEqual(services) && fits(records))
            {
                left.RemoveRange(i, services.Length);
                return records;
            }
        }

        return null;
    }

    /// <summary>Nobody else gets requests of it, so that only the proportion of the weights matters.</summary>
    private bool IsAlone(JsonObject rule) => Backends(rule).All(b => StableService(b) is not null || CanaryFor(b) is not null || Weight(b) == 0);

    private IEnumerable<JsonObject> Own(JsonObject rule) => Backends(rule).Where(b => StableService(b) is not null);

    private string? StableService(JsonObject backend) => ServiceOf(backend) is { } service && services.Contains(service) ? service : null;

    /// <summary>The Service that a canary's backend stands beside.</summary>
    private string? CanaryFor(JsonObject backend) => ServiceOf(backend) is { } service ? stableOf.GetValueOrDefault(service) : null;

    private string? ServiceOf(JsonObject backend)
    {
        var isService = (Text(backend, "group") ?? "").Length == 0 && (Text(backend, "kind") ?? "Service") == "Service";
        return isService && (Text(backend, "namespace") ?? ns) == ns ? Text(backend, "name") : null;
    }
}
