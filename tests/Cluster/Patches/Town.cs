using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PatchOperator.Admission;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Domain.Rollout;
using PatchOperator.Metrics;
using PatchOperator.Patches;
using PatchOperator.TestKit;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Controllers;
using Xunit;

namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>A small cluster with a shop in it, and the whole operator, which can be killed and started again.</summary>
internal sealed class Town : IAsyncDisposable
{
    public const string Namespace = "shop";
    public const string Stable = "registry.example.com/magento@sha256:1111111111111111111111111111111111111111111111111111111111111111";
    public const string Patched = "registry.example.com/magento@sha256:2222222222222222222222222222222222222222222222222222222222222222";
    public const string Newer = "registry.example.com/magento@sha256:3333333333333333333333333333333333333333333333333333333333333333";

    /// <summary>How stable's pods of the patched image behave, apart from the canary's: see <see cref="FakePodRuntime.Set"/>.</summary>
    public const string PatchedStable = "stable " + Patched;
    public static readonly ResourceName Patches = new("patchoperator.io", "v1alpha1", "emergencypatches");

    private readonly ClusterControllers controllers;
    private readonly List<string> log = [];
    private readonly Dictionary<string, IHost> operators = [];
    private readonly List<IAsyncDisposable> parts = [];
    private int instances;

    private Town(ApiServer api, TimeProvider clock)
    {
        Api = api;
        Clock = clock;
        Pods = new FakePodRuntime(clock) { KeyOf = pod => FakePodRuntime.ImageOf(pod) is Patched && pod["metadata"]!["labels"]?[Labels.Track] is null ? PatchedStable : FakePodRuntime.ImageOf(pod) };
        Metrics = new FakeMetrics(clock);
        controllers = new ClusterControllers(api.Store, Pods, clock);
    }

    public ApiServer Api { get; }

    /// <summary>The time of everything in the town: API server, controllers, pods and operators.</summary>
    public TimeProvider Clock { get; }

    public FakePodRuntime Pods { get; }

    public FakeMetrics Metrics { get; }

    /// <summary>Asks the sources that specs name, instead of <see cref="Metrics"/>.</summary>
    public bool MeasuresForReal { get; init; }

    /// <summary>Whom the operator can tell; from the next start.</summary>
    public PatchOperator.Notifications.ReceiverSettings Receivers { get; set; } = new();

    /// <summary>Where the operator keeps its key for audit trails; from the next start. Without it trails are not signed.</summary>
    public string? AuditSecret { get; set; }

    /// <summary>Everything that was logged, in words.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (log)
            {
                return [.. log];
            }
        }
    }

    /// <summary>Named in the User-Agent of the instance started last: what a dead one sends no longer counts.</summary>
    public string Instance => $"patch-operator-{instances}";

    public string NextInstance => $"patch-operator-{instances + 1}";

    /// <param name="clock">The wall's by default; a <see cref="FastClock"/> where a story has long waits.</param>
    /// <param name="measuresForReal">See <see cref="MeasuresForReal"/>.</param>
    /// <param name="options">Users and what they may do; the CRDs and the clock are filled in.</param>
    public static async Task<Town> FoundAsync(TimeProvider? clock = null, bool measuresForReal = false, ApiServerOptions? options = null)
    {
        clock ??= TimeProvider.System;
        var crds = Path.Combine(Root(), "crds");
        var api = await ApiServer.StartAsync((options ?? new ApiServerOptions()) with { CrdPaths = [.. Directory.GetFiles(crds, "*.yaml")], TimeProvider = clock });
        var town = new Town(api, clock) { MeasuresForReal = measuresForReal };
        town.Api.Store.Create(ResourceName.Services, Json($$$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"{{{{Namespace}}}}"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]}}"""));
        town.Api.Store.Create(ResourceName.Deployments, Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"magento-web","namespace":"{{{{{Namespace}}}}}"},
             "spec":{"replicas":4,"selector":{"matchLabels":{"app":"web"}},
                     "template":{"metadata":{"labels":{"app":"web"}},
                                 "spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{Stable}}}}}","env":[{"name":"KEEP","value":"me"}]},{"name":"nginx","image":"nginx:1"}]}}}}
            """));
        await town.UntilAsync(() => town.ReadyPods("web").Count == 4, "stable is up");
        return town;
    }

    /// <summary>Consumers, cron and an indexer beside the web pods, which the patch then takes as one unit.</summary>
    public async Task SettleUnitAsync()
    {
        Api.Store.Create(ResourceName.Deployments, Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"consumers","namespace":"{{{{{Namespace}}}}}"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"consumers"}},
                     "template":{"metadata":{"labels":{"app":"consumers"}},"spec":{"terminationGracePeriodSeconds":30,"containers":[{"name":"php","image":"{{{{{Stable}}}}}"}]}}}}
            """));
        Api.Store.Create(ResourceName.StatefulSets, Json($$$$$"""
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"indexer","namespace":"{{{{{Namespace}}}}}"},
             "spec":{"replicas":2,"serviceName":"indexer","selector":{"matchLabels":{"app":"indexer"}},
                     "template":{"metadata":{"labels":{"app":"indexer"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"php","image":"{{{{{Stable}}}}}"}]}}}}
            """));
        Api.Store.Create(ResourceName.CronJobs, Json($$$$$$$$"""
            {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"cron","namespace":"{{{{{{{{Namespace}}}}}}}}"},
             "spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"php","image":"{{{{{{{{Stable}}}}}}}}"}]}}}}}}
            """));
        await UntilAsync(() => PodsOf("consumers").Count == 2 && PodsOf("indexer").Count == 2, "consumers and indexer are up");
    }

    /// <summary>A Job as the CronJob's controller would make it now; without one here, a test says when.</summary>
    public void BeginJob(string name)
    {
        var cron = Api.Store.Get(ResourceName.CronJobs, Namespace, "cron")!;
        Api.Store.Create(ResourceName.Jobs, new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = Namespace,
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "batch/v1", ["kind"] = "CronJob", ["name"] = "cron", ["uid"] = cron["metadata"]!["uid"]!.GetValue<string>(), ["controller"] = true }),
            },
            ["spec"] = cron["spec"]!["jobTemplate"]!["spec"]!.DeepClone(),
        });
    }

    /// <summary>Its pod, as the Job's controller would make it.</summary>
    public void BeginPod(string job)
    {
        var owner = Api.Store.Get(ResourceName.Jobs, Namespace, job)!;
        Api.Store.Create(ResourceName.Pods, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{job}-pod",
                ["namespace"] = Namespace,
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "batch/v1", ["kind"] = "Job", ["name"] = job, ["uid"] = owner["metadata"]!["uid"]!.GetValue<string>(), ["controller"] = true }),
            },
            ["spec"] = owner["spec"]!["template"]!["spec"]!.DeepClone(),
        });
    }

    public void EndJob(string name)
    {
        var job = Api.Store.Get(ResourceName.Jobs, Namespace, name)!;
        job["status"] = Json("""{"conditions":[{"type":"Complete","status":"True"}]}""");
        Api.Store.Update(ResourceName.Jobs, job, statusOnly: true);
    }

    /// <summary>Images of the pods with this label app, those that are ending too.</summary>
    public IReadOnlyList<string> PodsOf(string app) =>
        [.. Api.Store.List(ResourceName.Pods, Namespace).Where(p => p["metadata"]!["labels"]?["app"]?.GetValue<string>() == app).Select(p => p["spec"]!["containers"]![0]!["image"]!.GetValue<string>())];

    public string? TemplateImage(ResourceName kind, string name) => (Api.Store.Get(kind, Namespace, name)?["spec"] is { } spec ? spec["jobTemplate"]?["spec"] ?? spec : null)?
        ["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>();

    public bool CronIsSuspended => Api.Store.Get(ResourceName.CronJobs, Namespace, "cron")?["spec"]!["suspend"]?.GetValue<bool>() ?? false;

    public JsonObject ApplyUnit(string steps = """[{"weight":25}]""", string spec = "") => Apply(
        steps: steps,
        spec: spec,
        others: $$$"""
            ,{"name":"consumers","role":"Worker","deployment":"consumers","containers":[{"name":"php","image":"{{{Patched}}}"}]},
            {"name":"indexer","role":"Worker","statefulSet":"indexer","containers":[{"name":"php","image":"{{{Patched}}}"}]},
            {"name":"cron","role":"Cron","cronJob":"cron","containers":[{"name":"php","image":"{{{Patched}}}"}]}
            """);

    /// <summary>Something that plays along and ends with the town.</summary>
    public void Add(IAsyncDisposable part) => parts.Add(part);

    /// <param name="leaderElection">As with several replicas.</param>
    /// <param name="admission">With webhooks; see <see cref="Admission.Gatehouse"/>.</param>
    /// <returns>The instance's name.</returns>
    public async Task<string> StartOperatorAsync(bool leaderElection = false, AdmissionSettings? admission = null)
    {
        instances++;
        var name = Instance;
        var settings = Settings.From(_ => null) with { LeaderElection = leaderElection, Admission = admission ?? new AdmissionSettings() };
        IHost host;
        if (admission is not null)
        {
            var web = WebApplication.CreateSlimBuilder();
            web.WebHost.UseUrls(admission.Listen).UseAdmission(admission);
            Configure(web.Services, web.Logging, settings, name);
            var app = web.Build();
            app.MapAdmission();
            host = app;
        }
        else
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            Configure(builder.Services, builder.Logging, settings, name);
            host = builder.Build();
        }

        host.Services.GetRequiredService<PatchOperator.Runtime.OperatorOptions>().Name = name;
        operators[name] = host;
        await host.StartAsync();
        return name;
    }

    /// <summary>Where the webhooks are served, while they are.</summary>
    public int? AdmissionPort => operators.GetValueOrDefault(Instance) is WebApplication web && web.Urls.FirstOrDefault(url => url.StartsWith("https", StringComparison.Ordinal)) is { } url ? new Uri(url).Port : null;

    /// <summary>Of the running instance.</summary>
    public T Service<T>()
        where T : notnull => operators[Instance].Services.GetRequiredService<T>();

    private void Configure(IServiceCollection services, ILoggingBuilder logging, Settings settings, string name)
    {
        // Traces only where a test reads them: a fault test starts operators by the hundred.
        logging.ClearProviders().AddProvider(new ListLog(log, name, Clock)).SetMinimumLevel(Clock is FastClock ? LogLevel.Information : LogLevel.Trace).AddFilter("Microsoft", LogLevel.Warning);
        services.AddSingleton(Clock);
        services.AddSingleton(new KubernetesClientConfiguration { Host = Api.Address.ToString().TrimEnd('/'), Namespace = "default", AccessToken = "the-operator" });
        services.AddSingleton(new PatchOperator.Runtime.RuntimeMetrics(Prometheus.Metrics.NewCustomRegistry()));
        settings = settings with { Policy = settings.Policy with { Drain = TimeSpan.FromMilliseconds(100), RevertDrain = TimeSpan.FromMilliseconds(50), IngressDrain = TimeSpan.FromMilliseconds(100), EndpointSettle = TimeSpan.FromMilliseconds(100), RolloutSettle = TimeSpan.FromMilliseconds(500) } };
        settings = settings with
        {
            Notifications = Receivers,
            Audit = new PatchOperator.Audit.AuditSettings { Secret = AuditSecret, Namespace = "patch-operator-system" },
            Policy = settings.Policy with
            {
                Notifications = Receivers.Policy,
                Validation = settings.Policy.Validation with { Receivers = Receivers.Policy.Receivers, Authenticates = settings.Admission.Enabled },
            },
        };
        services.AddPatchOperator(settings);
        if (!MeasuresForReal)
        {
            services.AddSingleton<Func<MetricProviderSpec, IMetricProvider>>(_ => _ => Metrics);
        }
    }

    /// <summary>As SIGTERM would: what is under way is finished, and the lease given back.</summary>
    public async Task StopOperatorAsync(string? name = null)
    {
        if (operators.Remove(name ?? Instance, out var host))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    /// <summary>As SIGKILL would: nothing that this instance still tries reaches the API server, and it is not waited for.</summary>
    public async Task KillOperatorAsync(string? name = null)
    {
        if (operators.Remove(name ?? Instance, out var host))
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await host.StopAsync(now.Token);
        }
    }

    public JsonObject Apply(string name = "fix", string image = Patched, string spec = "", string steps = """[{"weight":25},{"weight":50}]""", string others = "", string traffic = "") =>
        Api.Store.Create(Patches, Manifest(name, image, spec, steps, others, traffic));

    public static JsonObject Manifest(string name = "fix", string image = Patched, string spec = "", string steps = """[{"weight":25},{"weight":50}]""", string others = "", string traffic = "") => Json($$$"""
        {"apiVersion":"patchoperator.io/v1alpha1","kind":"EmergencyPatch","metadata":{"name":"{{{name}}}","namespace":"{{{Namespace}}}"},
         "spec":{"workloads":[{"name":"web","role":"Web","deployment":"magento-web","containers":[{"name":"php","image":"{{{image}}}"}]}{{{others}}}],
                 "canary":{"steps":{{{steps}}}{{{traffic}}} },
                 "analysis":{"provider":{"podMetrics":{"port":9113}},"interval":"1s",
                             "metrics":[{"name":"http-errors","preset":"podMetrics","maxRate":"2%","compareWith":"Stable","minRequests":50}]}{{{spec}}} }}
        """);

    public void Annotate(string command, string reason, string name = "fix") => EditPatch(name, patch =>
    {
        var annotations = patch["metadata"]!["annotations"] as JsonObject ?? [];
        annotations[$"patchoperator.io/{command}"] = reason;
        patch["metadata"]!["annotations"] = annotations.Parent is null ? annotations : annotations.DeepClone();
    });

    public void EditPatch(string name, Action<JsonObject> change) => Edit(Patches, name, change);

    /// <summary>As a person would: read, change, write, and again if someone was faster.</summary>
    public void Edit(ResourceName resource, string name, Action<JsonObject> change)
    {
        for (var attempt = 0; ; attempt++)
        {
            var subject = Api.Store.Get(resource, Namespace, name)!;
            change(subject);
            try
            {
                Api.Store.Update(resource, subject);
                return;
            }
            catch (ConflictException) when (attempt < 50)
            {
            }
        }
    }

    public async Task ApproveAsync(string name = "fix")
    {
        await UntilPhaseAsync(PatchPhase.AwaitingApproval, name);
        Annotate(Commands.Approve, "CHG-20871", name);
    }

    /// <param name="cascade">What the API server adds for <c>--cascade=orphan</c> or <c>foreground</c>: a finalizer for the garbage collector.</param>
    public void DeletePatch(string cascade)
    {
        EditPatch("fix", patch => patch["metadata"]!["finalizers"]!.AsArray().Add((JsonNode)cascade));
        Api.Store.Delete(Patches, Namespace, "fix");
    }

    /// <summary>The canary of the step that runs serves and is ready: its hold has begun.</summary>
    public Task UntilServingAsync(string name = "fix") =>
        UntilAsync(() => Phase(name) == nameof(PatchPhase.Progressing) && Patch(name)?["status"]?["step"]?["readyAt"] is not null, $"the canary of {name} serves");

    public JsonObject? Patch(string name = "fix") => Api.Store.Get(Patches, Namespace, name);

    public string? Phase(string name = "fix") => Patch(name)?["status"]?["phase"]?.GetValue<string>();

    public JsonNode? Condition(string type, string name = "fix") =>
        Patch(name)?["status"]?["conditions"]?.AsArray().FirstOrDefault(c => c!["type"]!.GetValue<string>() == type);

    public IReadOnlyList<AuditRecord> Trail(string name = "fix") =>
        AuditChain.Parse(Patch(name)?["metadata"]?["annotations"]?[Annotations.Audit]?.GetValue<string>()) ?? [];

    public JsonObject? Deployment(string name) => Api.Store.Get(ResourceName.Deployments, Namespace, name);

    public string? Image(string container = "php") => Deployment("magento-web")?["spec"]!["template"]!["spec"]!["containers"]!.AsArray()
        .Single(c => c!["name"]!.GetValue<string>() == container)!["image"]!.GetValue<string>();

    public IReadOnlyList<string> Pod(string? track = null) =>
        [.. Api.Store.List(ResourceName.Pods, Namespace).Where(p => track is null || (p["metadata"]!["labels"]?[Labels.Track]?.GetValue<string>() == Labels.TrackCanary) == (track == "canary")).Select(p => p["metadata"]!["uid"]!.GetValue<string>()).Order()];

    /// <summary>All its pods at once, without a word to them.</summary>
    public void KillCanary()
    {
        foreach (var pod in Api.Store.List(ResourceName.Pods, Namespace).Where(p => p["metadata"]!["labels"]![Labels.Track] is not null))
        {
            Api.Store.Delete(ResourceName.Pods, Namespace, pod["metadata"]!["name"]!.GetValue<string>(), force: true);
        }
    }

    /// <summary>Names of the pods that the Service sends requests to.</summary>
    public IReadOnlyList<string> ReadyPods(string service) =>
        [.. (Api.Store.Get(ResourceName.Endpoints, Namespace, service)?["subsets"] as JsonArray ?? []).SelectMany(s => s!["addresses"] as JsonArray ?? []).Select(a => a!["targetRef"]!["name"]!.GetValue<string>())];

    public IReadOnlyList<JsonObject> Events(string reason) => [.. Api.Store.List(ResourceName.Events, Namespace).Where(e => e["reason"]?.GetValue<string>() == reason)];

    /// <param name="reached">Looked at again and again.</param>
    /// <param name="what">For the message of the failure.</param>
    /// <param name="seconds">On the wall's clock; a <see cref="FastClock"/> gets what the machine needs when it is busy.</param>
    public async Task UntilAsync(Func<bool> reached, string what, int seconds = 30)
    {
        seconds = Clock is FastClock ? Math.Max(seconds, 60) : seconds;
        var end = TimeProvider.System.GetUtcNow().AddSeconds(seconds);
        while (!reached())
        {
            if (TimeProvider.System.GetUtcNow() > end)
            {
                string[] tail;
                lock (log)
                {
                    tail = [.. log.Where(line => !line.Contains(" Debug: ", StringComparison.Ordinal) && !line.Contains(" Trace: ", StringComparison.Ordinal)).TakeLast(40)];
                }

                Assert.Fail($"Not within {seconds} s: {what}.\n{string.Join("\n", Api.Store.List(Patches, Namespace).Select(p => p["status"]?.ToJsonString()))}\n{string.Join('\n', tail)}");
            }

            await Task.Delay(10);
        }
    }

    public Task UntilPhaseAsync(PatchPhase phase, string name = "fix", int seconds = 30) => UntilAsync(() => Phase(name) == phase.ToString(), $"{name} is {phase}", seconds);

    public async ValueTask DisposeAsync()
    {
        foreach (var name in operators.Keys.ToArray())
        {
            await StopOperatorAsync(name);
        }

        foreach (var part in parts)
        {
            await part.DisposeAsync();
        }

        await controllers.DisposeAsync();
        await Api.DisposeAsync();
    }

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "PatchOperator.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private sealed class ListLog(List<string> lines, string instance, TimeProvider clock) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{clock.GetUtcNow():HH:mm:ss.fff} {instance} {logLevel}: {formatter(state, exception)} {exception?.Message}");
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Counts that a test decides on; every read finds some more requests.</summary>
internal sealed class FakeMetrics(TimeProvider clock) : IMetricProvider
{
    private int reads;

    public double CanaryErrorRate { get; set; }

    /// <summary>What the canary's reading is, instead of counts.</summary>
    public TrackReading? Canary { get; set; }

    /// <summary>The same, but not for the try before the start.</summary>
    public TrackReading? InRun { get; set; }

    /// <summary>Of stable, in the watch after the promotion.</summary>
    public double PatchedErrorRate { get; set; }

    /// <summary>Its reading, instead of counts.</summary>
    public TrackReading? Patched { get; set; }

    public bool Throws { get; set; }

    /// <summary>Reads that never come to an end.</summary>
    public Func<MetricReadRequest, bool> Hangs { get; set; } = _ => false;

    /// <summary>How long it takes to find a canary's pods, once it was asked for them.</summary>
    public TimeSpan FindsPodsAfter { get; set; }

    private readonly ConcurrentDictionary<string, DateTimeOffset> asked = new(StringComparer.Ordinal);

    public Task<PodSighting> LookForAsync(PodLookout lookout, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return Task.FromResult(new PodSighting([.. lookout.Pods.Where(pod => now - asked.GetOrAdd(pod, now) >= FindsPodsAfter)]));
    }

    public async Task<IReadOnlyList<MetricReading>> ReadAsync(MetricReadRequest request, CancellationToken ct)
    {
        if (Throws)
        {
            throw new InvalidOperationException("a mistake in the provider");
        }

        if (Hangs(request))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }

        var canary = Canary ?? (request.RunId.Contains("/preflight/", StringComparison.Ordinal) ? null : InRun);
        var total = 400 + (50 * Interlocked.Increment(ref reads));
        var isWatch = request.RunId.Contains("/watch/", StringComparison.Ordinal);
        return [.. request.Metrics.Select(m => new MetricReading
        {
            Metric = m.Name,
            Canary = canary ?? (request.CanaryPods.Count == 0 ? new TrackReading.NoData("no pods") : new TrackReading.Counts(Math.Floor(total * CanaryErrorRate), total)),
            Stable = isWatch ? Patched ?? new TrackReading.Counts(Math.Floor(4 * total * PatchedErrorRate), 4 * total) : new TrackReading.Counts(0, 4 * total),
            SampledAt = clock.GetUtcNow(),
            CanaryQuery = m.Failures,
        })];
    }
}
