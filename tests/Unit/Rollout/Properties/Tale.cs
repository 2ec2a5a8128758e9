using System.Text;
using CsCheck;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Tests.Unit.Rollout.Properties;

/// <summary>A sequence of events and what is expected at its end. It tells itself, and makes itself as short as it can while it still fails.</summary>
internal sealed record Tale(IReadOnlyList<WorldEvent> Events)
{
    /// <summary>Approved and on its way more often than not: most of what can go wrong goes wrong in a run. In every second a route splits the traffic.</summary>
    public static Gen<Tale> Any { get; } = Gen.Bool.SelectMany(routed => routed
        ? Gen.Select(WorldEvent.Routed, Of(WorldEvent.AnyRouted), (route, tale) => new Tale([route, .. tale.Events]))
        : Of(WorldEvent.Any));

    private static Gen<Tale> Of(Gen<WorldEvent> any) => Gen.Select(
        Gen.Bool,
        any.List[1, 24],
        (begun, events) => new Tale(begun
            ? [WorldEvent.Of("1 s passes", c => c.Live(TimeSpan.FromSeconds(1))), WorldEvent.Of("someone approves", c => c.Command("approve", "CHG-20871")), WorldEvent.Of("2 s pass", c => c.Live(TimeSpan.FromSeconds(2))), .. events]
            : events));

    /// <summary>What was violated first, all of it; or null.</summary>
    public string? Violation(Func<ModelCluster, string?> atTheEnd, Decider? decider = null)
    {
        var cluster = new ModelCluster(decider);
        foreach (var happening in Events)
        {
            happening.Happen(cluster);
            if (cluster.Violations.Count > 0)
            {
                return string.Join("; ", cluster.Violations);
            }
        }

        var end = atTheEnd(cluster);
        return cluster.Violations.Count > 0 ? string.Join("; ", cluster.Violations) : end;
    }

    /// <summary>Without everything that the failure does not need.</summary>
    public Tale Shortest(Func<Tale, bool> fails)
    {
        var shortest = this;
        for (var size = Math.Max(1, Events.Count / 2); size > 0; size /= 2)
        {
            for (var at = 0; at < shortest.Events.Count;)
            {
                var shorter = new Tale([.. shortest.Events.Take(at), .. shortest.Events.Skip(at + size)]);
                if (fails(shorter))
                {
                    shortest = shorter;
                }
                else
                {
                    at += size;
                }
            }
        }

        return shortest;
    }

    /// <summary>Event by event, with the phase that each led to and the records that it left.</summary>
    public string Tell(Func<ModelCluster, string?> atTheEnd, Decider? decider = null)
    {
        var text = new StringBuilder();
        var cluster = new ModelCluster(decider);
        var told = 0;
        foreach (var happening in Events)
        {
            happening.Happen(cluster);
            Line($"- {happening}", cluster, ref told);
        }

        var end = atTheEnd(cluster);
        Line("- at the end", cluster, ref told);
        foreach (var violation in cluster.Violations.Concat(end is null ? [] : [end]).Distinct().Take(3))
        {
            text.AppendLine($"=> {violation}");
        }

        return text.ToString();

        void Line(string words, ModelCluster at, ref int known)
        {
            var records = at.Trail.Skip(known).Select(r => r.Action).ToArray();
            known = at.Trail.Count;
            text.AppendLine($"{at.Now:HH:mm:ss} {words}: {at.Phase}{(at.Patch.Status?.Step is { } step && at.Phase.IsRunning() ? $", step {step.Index + 1}" : "")}{(records.Length == 0 ? "" : $" ({string.Join(", ", records)})")}");
        }
    }

    public override string ToString() => string.Join("; ", Events);
}
