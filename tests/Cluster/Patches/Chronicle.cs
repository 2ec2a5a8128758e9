using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Traffic;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>
/// Watches the stored state through a whole story, in order of resource version, and notes what must never be seen, however it ends:
/// a step taken twice or early, a timer that moves, an effect before its intent is stored, canary pods that end while requests reach them.
/// </summary>
internal sealed class Chronicle : IDisposable
{
    private readonly Lock gate = new();
    private readonly IDisposable subscription;
    private readonly List<string> faults = [];
    private readonly Dictionary<string, JsonObject> patches = [];
    private readonly Dictionary<string, JsonObject> canaryPods = [];
    private readonly Dictionary<(string Patch, int Run, int Step, string StartedAt), string?> holds = [];
    private readonly Dictionary<string, string> routed = [];
    private readonly Dictionary<string, string> fixedTimes = [];
    private HashSet<string> serving = [];
    private string? stableImage;

    public Chronicle(Town town)
    {
        stableImage = town.Image();
        subscription = town.Api.Store.Subscribe(Note);
    }

    /// <summary>In the order in which they were seen; empty is good.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (gate)
            {
                return [.. faults];
            }
        }
    }

    public void Dispose() => subscription.Dispose();

    private void Note(StoreEvent change)
    {
        lock (gate)
        {
            var name = change.Value["metadata"]!["name"]!.GetValue<string>();
            if (change.Resource == Town.Patches)
            {
                NotePatch(name, change);
            }
            else if (change.Resource == ResourceName.Endpoints && name == "web")
            {
                serving = [.. (change.Value["subsets"] as JsonArray ?? []).SelectMany(s => s!["addresses"] as JsonArray ?? []).Select(a => a!["targetRef"]!["name"]!.GetValue<string>())];
            }
            else if (change.Resource == PlayedGateway.HttpRoutes || change.Resource == RoutedTown.Ingresses)
            {
                NoteRoute(name, change);
            }
            else if (change.Resource == ResourceName.Deployments && name == "magento-web")
            {
                NoteStable(change.Value);
            }
            else if (change.Resource == ResourceName.Deployments && change.Type == StoreEventType.Added)
            {
                Expect(AnyPhase(PatchPhase.Progressing, PatchPhase.Paused), $"Deployment {name} was made while no stored status asked for a canary: {Phases()}");
            }
            else if (change.Resource == ResourceName.Pods && change.Value["metadata"]!["labels"]?[Labels.Track] is not null)
            {
                NoteCanaryPod(name, change);
            }
        }
    }

    private void NotePatch(string name, StoreEvent change)
    {
        if (change.Type == StoreEventType.Deleted)
        {
            patches.Remove(name);
            return;
        }

        var before = patches.GetValueOrDefault(name);
        patches[name] = change.Value;
        NoteTimers(name, before, change.Value);
        var (was, now) = (Step(before), Step(change.Value));
        if (now is null)
        {
            return;
        }

        var run = change.Value["status"]!["run"]?.GetValue<int>() ?? 0;
        var index = now["index"]!.GetValue<int>();
        var startedAt = now["startedAt"]!.GetValue<string>();
        var key = (name, run, index, startedAt);
        if (!holds.TryGetValue(key, out var known))
        {
            Expect(holds.Keys.All(k => (k.Patch, k.Run, k.Step) != (name, run, index)), $"{name} began step {index} of run {run} twice");
            Expect(was is null || index == 0 || index == was["index"]!.GetValue<int>() + 1, $"{name} went from step {was?["index"]} to {index}");
            if (was?["notBefore"] is { } end && index > 0)
            {
                Expect(Time(startedAt) >= Time(end.GetValue<string>()), $"{name} began step {index} at {startedAt}, before {end}");
            }
        }

        var notBefore = now["notBefore"]?.GetValue<string>();
        Expect(known is null || known == notBefore, $"{name} moved the end of step {index} from {known} to {notBefore}");
        holds[key] = notBefore;
        if (Phase(change.Value) == nameof(PatchPhase.Promoting) && Phase(before) is nameof(PatchPhase.Progressing))
        {
            Expect(index == now["count"]!.GetValue<int>() - 1, $"{name} was promoted from step {index} of {now["count"]}");
            var promotedAt = change.Value["status"]!["timings"]!["phaseStartedAt"]!.GetValue<string>();
            Expect(notBefore is not null && Time(promotedAt) >= Time(notBefore), $"{name} was promoted at {promotedAt}, before {notBefore}");
        }
    }

    /// <summary>Timers besides those of the steps: none may end early because somebody began again.</summary>
    private void NoteTimers(string name, JsonObject? before, JsonObject patch)
    {
        var status = patch["status"];
        foreach (var approval in status?["approvals"] as JsonArray ?? [])
        {
            Fixed($"{name}: the end of the approval of {approval!["at"]} by {approval["by"]}", approval["expiresAt"]);
        }

        if (status?["watch"] is { } watch)
        {
            Fixed($"{name}: the end of the watch of {watch["startedAt"]}", watch["until"]);
        }

        var was = before?["status"];
        if (was?["timings"]?["phaseStartedAt"]?.ToJsonString() == status?["timings"]?["phaseStartedAt"]?.ToJsonString() && was?["timings"]?["rolloutDeadline"] is { } rollout && status?["timings"]?["rolloutDeadline"] is { } rolloutNow)
        {
            Expect(Time(rolloutNow.GetValue<string>()) >= Time(rollout.GetValue<string>()), $"{name}: the deadline of the roll-out moved from {rollout} to {rolloutNow}");
        }

        if (was?["step"]?["startedAt"]?.ToJsonString() == status?["step"]?["startedAt"]?.ToJsonString() && was?["step"]?["deadline"] is { } deadline && status?["step"]?["deadline"] is { } deadlineNow)
        {
            Expect(Time(deadlineNow.GetValue<string>()) >= Time(deadline.GetValue<string>()), $"{name}: the progress deadline moved from {deadline} to {deadlineNow}");
        }

        if (was?["revert"] is null && status?["revert"]?["reason"]?.GetValue<string>() == "ProgressDeadlineExceeded")
        {
            var (at, due) = (status["timings"]!["revertStartedAt"]!.GetValue<string>(), was?["step"]?["deadline"] ?? was?["timings"]?["rolloutDeadline"]);
            Expect(due is not null && Time(at) >= Time(due.GetValue<string>()), $"{name}: the progress deadline ended the run at {at}, before {due}");
        }
    }

    private void Fixed(string what, JsonNode? time)
    {
        var text = time?.ToJsonString() ?? "none";
        Expect(fixedTimes.TryAdd(what, text) || fixedTimes[what] == text, $"{what} moved from {fixedTimes[what]} to {text}");
    }

    private void NoteStable(JsonObject stable)
    {
        var image = stable["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>();
        if (image != stableImage && image == Town.Patched)
        {
            Expect(AnyPhase(PatchPhase.Promoting, PatchPhase.Promoted), $"stable was given the patched image in {Phases()}");
        }
        else if (image != stableImage && image == Town.Stable)
        {
            Expect(AnyPhase(PatchPhase.Reverting, PatchPhase.Degraded), $"stable was given its old image in {Phases()}");
        }

        stableImage = image;
    }

    /// <summary>Routes that send the canary something, and how much.</summary>
    private void NoteRoute(string name, StoreEvent change)
    {
        var weight = change.Type == StoreEventType.Deleted ? null
            : change.Resource == RoutedTown.Ingresses ? change.Value["metadata"]!["annotations"]?["nginx.ingress.kubernetes.io/canary-weight"]?.GetValue<string>()
            : change.Value["spec"]!["rules"]!.AsArray().SelectMany(r => r!["backendRefs"]!.AsArray()).FirstOrDefault(b => b!["name"]!.GetValue<string>() == "web-canary")?["weight"]?.ToJsonString();
        if (weight is null or "0")
        {
            routed.Remove(name);
        }
        else
        {
            routed[name] = weight;
        }
    }

    private void NoteCanaryPod(string name, StoreEvent change)
    {
        var ended = change.Type == StoreEventType.Deleted || change.Value["metadata"]!["deletionTimestamp"] is not null;
        var knewOfIt = canaryPods.Remove(name);
        if (!ended)
        {
            canaryPods[name] = change.Value;
        }
        else if (knewOfIt)
        {
            var unproven = patches.Values.Any(p => p.ToJsonString().Contains("WithdrawalNotProven", StringComparison.Ordinal));
            Expect(unproven || (!serving.Contains(name) && routed.Count == 0), $"pod {name} ended while requests reached it{string.Concat(routed.Select(r => $" by {r.Key} at {r.Value}"))}");
        }
    }

    private bool AnyPhase(params ReadOnlySpan<PatchPhase> phases)
    {
        foreach (var patch in patches.Values)
        {
            if (phases.Contains(PatchPhases.Parse(Phase(patch))))
            {
                return true;
            }
        }

        return false;
    }

    private string Phases() => string.Join(", ", patches.Select(p => $"{p.Key} {Phase(p.Value)}"));

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            faults.Add(fault);
        }
    }

    private static JsonObject? Step(JsonObject? patch) => patch?["status"]?["step"] as JsonObject;

    private static string? Phase(JsonObject? patch) => patch?["status"]?["phase"]?.GetValue<string>();

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
