using System.Diagnostics;
using System.Globalization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Benchmarks;

/// <summary>What one decision costs. Time is the thread's own CPU time, so that a busy machine does not count.</summary>
internal static class DecideBenchmark
{
    private const double BudgetMicroseconds = 50;
    private const int Batches = 31;
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(30);

    private const string Old = "registry.example.com/magento@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    private const string New = "registry.example.com/magento@sha256:2222222222222222222222222222222222222222222222222222222222222222";
    private static readonly OperatorPolicy Policy = new();
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    public static void Run()
    {
        var stable = new StableObservation
        {
            Uid = "stable-uid",
            Replicas = 4,
            ReadyReplicas = 4,
            IsRolledOut = true,
            TemplateDigest = "template-1",
            Images = new Dictionary<string, string> { ["php"] = Old },
        };
        var fresh = new EmergencyPatch
        {
            Metadata = new ObjectMeta { Name = "cve-2025-54236", Namespace = "shop", Uid = "patch-uid", ResourceVersion = "1", Generation = 1 },
            Spec = Spec(),
        };
        var intent = PatchIntent.From(fresh, Policy);
        Expect(intent.Problems.Count == 0, string.Join("; ", intent.Problems.Select(p => p.Message)));

        var atRest = World(new WorkloadObservation { Stable = stable });
        var awaiting = Next(fresh, atRest with { Preflight = Readings(intent, Start, 0) }, Start, PatchPhase.AwaitingApproval);
        var waited = Start.AddMinutes(1);
        awaiting = Next(awaiting, atRest, waited, PatchPhase.AwaitingApproval);

        var started = Next(
            awaiting, atRest with { Preflight = Readings(intent, waited, 0), Commands = new Dictionary<string, string> { [Commands.Approve] = "CHG-20871" } }, waited, PatchPhase.Progressing);
        var serving = Serving(started, stable);
        var progressing = Next(started, serving, waited.AddSeconds(2), PatchPhase.Progressing);
        serving = Serving(progressing, stable);
        progressing = Next(progressing, serving, waited.AddSeconds(3), PatchPhase.Progressing);
        for (var second = 5; second <= 25; second += 5)
        {
            progressing = Next(progressing, serving with { Readings = Readings(intent, waited.AddSeconds(second), 400) }, waited.AddSeconds(second), PatchPhase.Progressing);
        }

        var now = waited.AddSeconds(28);
        var tick = serving with { Readings = Readings(intent, now, 500) };
        var aborted = Next(progressing, serving with { Commands = new Dictionary<string, string> { [Commands.Abort] = "checkout is down" } }, now, PatchPhase.Reverting);

        Console.WriteLine($"{"case",-46} {"CPU µs",8} {"bytes",8}   budget {BudgetMicroseconds} µs");
        Measure("Decide: awaiting approval, nothing new", () => Decide(awaiting, intent, atRest, waited.AddMinutes(1)));
        Measure("Decide: progressing, no measurement due", () => Decide(progressing, intent, serving, now));
        Measure($"Decide: progressing, tick with {intent.Metrics.Count} metrics", () => Decide(progressing, intent, tick, now));
        Measure("Decide: reverting, traffic not yet withdrawn", () => Decide(aborted, intent, serving, now.AddSeconds(1)));
        Measure("PatchIntent.From (once per generation)", () => PatchIntent.From(fresh, Policy), isBudgeted: false);
    }

    private static Plan Decide(EmergencyPatch patch, PatchIntent intent, ObservedState observed, DateTimeOffset now) => RolloutDecider.Decide(patch, intent, observed, Policy, now);

    private static void Measure(string name, Func<object> run, bool isBudgeted = true)
    {
        // Long enough for the code to reach its final tier.
        var warm = Stopwatch.StartNew();
        while (warm.Elapsed < TimeSpan.FromSeconds(2))
        {
            run();
        }

        var perBatch = 1;
        while (Batch(run, perBatch) < BatchTime)
        {
            perBatch *= 2;
        }

        var microseconds = Statistics.Median(Enumerable.Range(0, Batches).Select(_ => Batch(run, perBatch).TotalMicroseconds / perBatch));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            run();
        }

        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;
        var verdict = !isBudgeted ? "-" : microseconds < BudgetMicroseconds ? "within" : "OVER";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-46} {microseconds,8:0.00} {bytes,8}   {verdict}"));
    }

    private static TimeSpan Batch(Func<object> run, int count)
    {
        var before = ThreadTime.Now();
        for (var i = 0; i < count; i++)
        {
            run();
        }

        return ThreadTime.Now() - before;
    }

    private static EmergencyPatch Next(EmergencyPatch patch, ObservedState observed, DateTimeOffset now, PatchPhase expected)
    {
        // As if every record had reached the trail.
        var audited = patch.Status?.Audit?.Sequence ?? 0;
        var plan = Decide(patch, PatchIntent.From(patch, Policy), observed with { AuditedThrough = audited }, now);
        Expect(plan.Status.Phase == expected.ToString(), $"{plan.Status.Phase}, not {expected}");
        return patch with { Status = plan.Status };
    }

    private static void Expect(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"The benchmark's story has gone wrong: {problem}");
        }
    }

    private static ObservedState Serving(EmergencyPatch patch, StableObservation stable)
    {
        var ensure = Decide(patch, PatchIntent.From(patch, Policy), World(new WorkloadObservation { Stable = stable }), patch.Status!.Step!.StartedAt).Actions.OfType<EnsureCanary>().First();
        return World(new WorkloadObservation
        {
            Stable = stable,
            Canary = new CanaryObservation { IsOurs = true, Replicas = ensure.Replicas, Source = ensure.Source, Images = ensure.Images.ToDictionary(i => i.Container, i => i.Image) },
            CanaryPods = Pods("canary", ensure.Replicas),
            StablePods = Pods("stable", stable.Replicas),
            Traffic = new TrafficObservation { CanaryEndpoints = ensure.Replicas, StableEndpoints = stable.Replicas },
        }) with
        { AuditedThrough = long.MaxValue };
    }

    private static ObservedState World(WorkloadObservation web) =>
        new() { Workloads = new Dictionary<WorkloadRef, WorkloadObservation> { [new WorkloadRef(WorkloadKind.Deployment, "magento-web")] = web } };

    private static IReadOnlyList<PodObservation> Pods(string track, int count) =>
        [.. Enumerable.Range(1, count).Select(i => new PodObservation { Name = $"magento-web-{track}-{i}", Ip = $"10.0.0.{i}", Ready = true, InRotation = true })];

    private static IReadOnlyList<MetricReading> Readings(PatchIntent intent, DateTimeOffset at, double total) =>
        [.. intent.Metrics.Select(metric => new MetricReading
        {
            Metric = metric.Policy.Name,
            Canary = new TrackReading.Counts(2, total + (at - Start).TotalSeconds),
            Stable = new TrackReading.Counts(8, (4 * total) + (at - Start).TotalSeconds),
            SampledAt = at,
            CanaryQuery = metric.Queries.Failures,
        })];

    private static EmergencyPatchSpec Spec() => new()
    {
        Advisory = new Advisory { Id = "APSB25-88", Severity = "Critical", DisclosedAt = "2026-11-23T02:00:00Z" },
        Workloads = [new WorkloadSpec { Name = "web", Deployment = "magento-web", Containers = [new ContainerImage { Name = "php", Image = New }] }],
        Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 25, Hold = new Duration("30s") }, new CanaryStepSpec { Weight = 50, Hold = new Duration("60s") }] },
        Analysis = new AnalysisSpec
        {
            Provider = new MetricProviderSpec { PodMetrics = new PodMetricsProviderSpec { Port = 9113 } },
            Interval = new Duration("5s"),
            Metrics =
            [
                new MetricSpec { Name = "http-errors", Preset = "podMetrics", MaxRate = "2%", CompareWith = "Stable", MinRequests = 50 },
                new MetricSpec { Name = "checkout-errors", Failures = "http_requests_total{path=~\"/checkout.*\",status=~\"5..\"}", Total = "http_requests_total{path=~\"/checkout.*\"}", CompareWith = "Stable", MinRequests = 50 },
                new MetricSpec { Name = "refusals", Failures = "http_requests_total{status=~\"4..\"}", Total = "http_requests_total", CompareWith = "Stable", MinRequests = 100 },
            ],
        },
    };
}
