using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

public sealed class ControllerTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private readonly MiniApi api = new();
    private readonly Script script = new();

    [Fact]
    public async Task An_annotation_alone_leads_to_a_reconcile()
    {
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync();
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        api.Put(MiniApi.Path("a"), widget => widget["metadata"]!["annotations"] = new JsonObject { ["patchoperator.io/approve"] = "go" });
        await harness.EventuallyAsync(() => script.Runs.Count == 2, Tick);
        Assert.Equal("go", script.Runs.Last().Metadata.Annotations!["patchoperator.io/approve"]);
    }

    [Fact]
    public async Task Our_own_status_leads_to_no_reconcile_and_somebody_elses_does()
    {
        script.Reconcile = async (harness, widget, token) =>
        {
            if (widget.Status is null)
            {
                widget = await WriteStatusAsync(harness, widget, "Ours", token);
            }

            return ReconciliationResult<Widget>.Success(widget);
        };
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync();
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        await Harness.SettleAsync();
        Assert.Single(script.Runs);
        Assert.Equal("Ours", harness.Services.GetRequiredService<IInformer<Widget>>().Get(Harness.Key("a"))!.Status!.Phase);

        api.Put(MiniApi.Path("a"), widget => widget["status"] = new JsonObject { ["phase"] = "Theirs" });
        await harness.EventuallyAsync(() => script.Runs.Count == 2, Tick);
    }

    [Fact]
    public async Task A_timed_requeue_is_not_lost_when_the_status_is_written_or_an_event_comes()
    {
        script.Reconcile = async (harness, widget, token) =>
        {
            var first = widget.Status is null;
            var written = await WriteStatusAsync(harness, widget, $"{script.Runs.Count}", token);
            return ReconciliationResult<Widget>.Success(written, first ? TimeSpan.FromSeconds(60) : null);
        };
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync();
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        await Harness.SettleAsync();
        api.Put(MiniApi.Path("a"), widget => widget["metadata"]!["labels"] = new JsonObject { ["x"] = "y" });
        await harness.EventuallyAsync(() => script.Runs.Count == 2, Tick);
        await Harness.SettleAsync();
        harness.Time.Advance(TimeSpan.FromSeconds(50));
        await Harness.SettleAsync();
        Assert.Equal(2, script.Runs.Count);
        await harness.EventuallyAsync(() => script.Runs.Count == 3, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Two_reconciles_of_one_object_never_run_at_once_and_the_second_sees_the_newest_version()
    {
        var running = new ConcurrentDictionary<string, int>();
        var most = 0;
        script.Reconcile = async (_, widget, token) =>
        {
            var now = running.AddOrUpdate(widget.Metadata.Name, 1, (_, count) => count + 1);
            most = Math.Max(most, now);
            await Task.Delay(3, token);
            running.AddOrUpdate(widget.Metadata.Name, 0, (_, count) => count - 1);
            return ReconciliationResult<Widget>.Success(widget);
        };
        await using var harness = await StartAsync(options => options.Workers = 8);
        for (var i = 0; i < 200; i++)
        {
            var size = i;
            foreach (var name in new[] { "a", "b", "c" })
            {
                api.Put(MiniApi.Path(name), widget => widget["spec"] = new JsonObject { ["size"] = size });
            }

            await Task.Delay(1);
        }

        await harness.EventuallyAsync(() => new[] { "a", "b", "c" }.All(name => script.Runs.LastOrDefault(run => run.Metadata.Name == name)?.Spec?.Size == 199), Tick);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task A_failing_reconcile_is_retried_for_ever_with_a_capped_delay_and_holds_nobody_up()
    {
        var attempts = new ConcurrentQueue<DateTimeOffset>();
        script.Reconcile = (harness, widget, _) =>
        {
            if (widget.Metadata.Name == "good")
            {
                return Task.FromResult(ReconciliationResult<Widget>.Success(widget));
            }

            attempts.Enqueue(harness.Time.GetUtcNow());
            return attempts.Count % 2 == 0
                ? throw new InvalidOperationException("thrown")
                : Task.FromResult(ReconciliationResult<Widget>.Failure(widget, "returned"));
        };
        api.Put(MiniApi.Path("bad"));
        api.Put(MiniApi.Path("good"));
        await using var harness = await StartAsync(options => options.Workers = 1);
        await harness.EventuallyAsync(() => attempts.Count >= 12, TimeSpan.FromMilliseconds(500));
        var delays = attempts.Zip(attempts.Skip(1), (a, b) => (b - a).TotalSeconds).ToList();
        Assert.InRange(delays[0], 1, 2.5);
        Assert.InRange(delays[^1], 60, 63);
        Assert.Equal(1, script.Runs.Count(run => run.Metadata.Name == "good"));
    }

    [Fact]
    public async Task The_finalizer_is_attached_before_the_first_reconcile_and_removed_only_when_it_is_done()
    {
        var done = false;
        script.Finalize = widget => done
            ? ReconciliationResult<Widget>.Success(widget)
            : ReconciliationResult<Widget>.Failure(widget, "traffic is not back yet");
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync(finalizer: true);
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        Assert.Equal([WidgetFinalizer.FinalizerName], script.Runs.First().Metadata.Finalizers!);
        await Harness.SettleAsync();
        Assert.Single(script.Runs);

        await harness.Client.DeleteAsync(Widgets.Type, Harness.Key("a"), null, CancellationToken.None);
        await harness.EventuallyAsync(() => script.Finalized.Count >= 9, TimeSpan.FromSeconds(1));
        Assert.NotNull(api.Read(MiniApi.Path("a")));
        done = true;
        await harness.EventuallyAsync(() => api.Read(MiniApi.Path("a")) is null, TimeSpan.FromSeconds(1));
        await harness.EventuallyAsync(() => script.Deleted.Count == 1, Tick);
        Assert.Single(script.Runs);
    }

    [Fact]
    public async Task What_is_under_way_waits_for_no_finalizer_and_what_is_new_does()
    {
        var isRefused = true;
        api.Intercept = request => isRefused && request.Method == HttpMethod.Patch ? MiniApi.Status(403, "Forbidden") : null;
        script.IsUnderWay = widget => widget.Metadata.Name == "under-way";
        script.Reconcile = (_, widget, _) => Task.FromResult(ReconciliationResult<Widget>.Success(widget, TimeSpan.FromSeconds(5)));
        api.Put(MiniApi.Path("under-way"));
        api.Put(MiniApi.Path("new"));
        await using var harness = await StartAsync(finalizer: true);
        await harness.EventuallyAsync(() => script.Runs.Count >= 20, TimeSpan.FromSeconds(1));
        Assert.All(script.Runs, widget => Assert.Equal("under-way", widget.Metadata.Name));
        isRefused = false;
        await harness.EventuallyAsync(() => new[] { "under-way", "new" }.All(name => api.Read(MiniApi.Path(name))!["metadata"]!["finalizers"] is JsonArray { Count: 1 }), TimeSpan.FromSeconds(1));
        await harness.EventuallyAsync(() => script.Runs.Any(widget => widget.Metadata.Name == "new"), Tick);
    }

    [Fact]
    public async Task A_finalizer_is_put_back_although_every_reconcile_of_what_is_under_way_throws()
    {
        script.IsUnderWay = _ => true;
        script.Reconcile = (_, _, _) => throw new InvalidOperationException("thrown");
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync(finalizer: true);
        await harness.EventuallyAsync(() => api.Read(MiniApi.Path("a"))!["metadata"]!["finalizers"] is JsonArray { Count: 1 }, Tick);
    }

    [Fact]
    public async Task Finalizers_run_on_objects_that_terminate_already_at_the_start_and_none_is_attached_to_them()
    {
        Terminating("ours", WidgetFinalizer.FinalizerName, "someone.else/keeps");
        Terminating("theirs", "someone.else/keeps");
        await using var harness = await StartAsync(finalizer: true);
        await harness.EventuallyAsync(() => script.Finalized.Count == 1, Tick);
        await harness.EventuallyAsync(
            () => api.Read(MiniApi.Path("ours"))!["metadata"]!["finalizers"]!.ToJsonString() == """["someone.else/keeps"]""", Tick);
        await Harness.SettleAsync();
        Assert.Equal("someone.else/keeps", Assert.Single(api.Read(MiniApi.Path("theirs"))!["metadata"]!["finalizers"]!.AsArray())!.GetValue<string>());
        Assert.Empty(script.Runs);

        void Terminating(string name, params string[] finalizers) => api.Put(MiniApi.Path(name), widget =>
        {
            widget["metadata"]!["deletionTimestamp"] = "2026-11-23T08:00:00Z";
            widget["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(finalizer => JsonValue.Create(finalizer))]);
        });
    }

    [Fact]
    public async Task Events_of_secondary_objects_lead_to_a_reconcile_of_their_owner()
    {
        api.Put(MiniApi.Path("owner"));
        await using var harness = await StartAsync();
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        var other = new ResourceType<Widget>("test.io", "v1", "gadgets", "Gadget", Widgets.Type.Json);
        using var lease = harness.Services.GetRequiredService<IInformerFactory>().Shared(other);
        using var map = harness.Services.GetRequiredService<IReconcileQueue<Widget>>()
            .Map(lease.Informer, gadget => [Harness.Key(gadget.Metadata.Labels!["owner"])]);
        api.Put("apis/test.io/v1/namespaces/shop/gadgets/g", gadget => gadget["metadata"]!["labels"] = new JsonObject { ["owner"] = "owner" });
        await harness.EventuallyAsync(() => script.Runs.Count == 2, Tick);
    }

    [Fact]
    public async Task A_dead_loop_ends_the_process()
    {
        await using var harness = await StartAsync();
        var loops = harness.Services.GetRequiredService<LoopSupervisor>();
        await loops.RunAsync("doomed", _ => throw new InvalidOperationException("a bug"), CancellationToken.None);
        Assert.Equal((1, "doomed: a bug"), (loops.ExitCode, loops.Failure));
        Assert.Equal(["doomed: a bug"], harness.Services.GetRequiredService<RuntimeHealth>().LivenessProblems);
        await harness.EndedAsync();
        Environment.ExitCode = 0;
    }

    [Fact]
    public async Task A_loop_that_merely_returns_ends_the_process_too_and_one_that_was_told_to_does_not()
    {
        await using var harness = await StartAsync();
        var loops = harness.Services.GetRequiredService<LoopSupervisor>();
        using var stop = new CancellationTokenSource();
        var told = loops.RunAsync("told", token => Task.Delay(Timeout.Infinite, token), stop.Token);
        await stop.CancelAsync();
        await told;
        Assert.Equal(0, loops.ExitCode);
        await loops.RunAsync("returned", _ => Task.CompletedTask, CancellationToken.None);
        Assert.Equal(1, loops.ExitCode);
        await harness.EndedAsync();
        Environment.ExitCode = 0;
    }

    [Fact]
    public async Task A_stop_lets_running_reconciles_finish_and_starts_no_more()
    {
        var release = new TaskCompletionSource();
        var finished = false;
        script.Reconcile = async (_, widget, token) =>
        {
            await release.Task.WaitAsync(token);
            finished = true;
            return ReconciliationResult<Widget>.Success(widget);
        };
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync(options => options.Workers = 1);
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        api.Put(MiniApi.Path("b"));
        var stop = harness.StopAsync();
        await Harness.SettleAsync();
        Assert.False(stop.IsCompleted);
        release.SetResult();
        await stop;
        Assert.True(finished);
        Assert.Single(script.Runs);
    }

    [Fact]
    public async Task A_stop_does_not_wait_longer_than_its_limit_for_a_reconcile_that_hangs()
    {
        script.Reconcile = async (_, widget, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return ReconciliationResult<Widget>.Success(widget);
        };
        api.Put(MiniApi.Path("a"));
        await using var harness = await StartAsync();
        await harness.EventuallyAsync(() => script.Runs.Count == 1, Tick);
        var stop = harness.StopAsync();
        await harness.EventuallyAsync(() => stop.IsCompleted, TimeSpan.FromSeconds(1));
    }

    private static async Task<Widget> WriteStatusAsync(Harness harness, Widget widget, string phase, CancellationToken token) =>
        await harness.Client.ReplaceStatusAsync(
            Widgets.Type, Harness.Key(widget.Metadata.Name), widget.Metadata.ResourceVersion, new JsonObject { ["phase"] = phase }, token).As(Widgets.Type);

    private async Task<Harness> StartAsync(Action<OperatorOptions>? configure = null, bool finalizer = false)
    {
        var harness = new Harness(api, add =>
        {
            add.Services.AddSingleton(script);
            add.AddController<WidgetController, Widget>(Widgets.Type);
            if (finalizer)
            {
                add.AddFinalizer<WidgetFinalizer, Widget>();
            }
        }, configure);
        script.Harness = harness;
        await harness.StartAsync();
        await harness.EventuallyAsync(() => harness.Services.GetRequiredService<IInformer<Widget>>().HasSynced, TimeSpan.FromMilliseconds(1));
        return harness;
    }
}

/// <summary>What the controller of a test does, and what it was asked to do.</summary>
internal sealed class Script
{
    public Harness Harness { get; set; } = null!;

    public Func<Harness, Widget, CancellationToken, Task<ReconciliationResult<Widget>>> Reconcile { get; set; } =
        (_, widget, _) => Task.FromResult(ReconciliationResult<Widget>.Success(widget));

    public Func<Widget, bool> IsUnderWay { get; set; } = _ => false;

    public Func<Widget, ReconciliationResult<Widget>> Finalize { get; set; } = widget => ReconciliationResult<Widget>.Success(widget);

    public ConcurrentQueue<Widget> Runs { get; } = [];

    public ConcurrentQueue<Widget> Finalized { get; } = [];

    public ConcurrentQueue<Widget> Deleted { get; } = [];
}

internal sealed class WidgetController(Script script) : IEntityController<Widget>
{
    public Task<ReconciliationResult<Widget>> ReconcileAsync(Widget entity, CancellationToken cancellation)
    {
        script.Runs.Enqueue(entity);
        return script.Reconcile(script.Harness, entity, cancellation);
    }

    public bool IsUnderWay(Widget entity) => script.IsUnderWay(entity);

    public Task<ReconciliationResult<Widget>> DeletedAsync(Widget entity, CancellationToken cancellation)
    {
        script.Deleted.Enqueue(entity);
        return Task.FromResult(ReconciliationResult<Widget>.Success(entity));
    }
}

internal sealed class WidgetFinalizer(Script script) : IEntityFinalizer<Widget>
{
    public const string FinalizerName = "test.io/revert";

    public string Name => FinalizerName;

    public Task<ReconciliationResult<Widget>> FinalizeAsync(Widget entity, CancellationToken cancellation)
    {
        script.Finalized.Enqueue(entity);
        return Task.FromResult(script.Finalize(entity));
    }
}
