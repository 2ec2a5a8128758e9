using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

public sealed class LeadershipTests
{
    private const string LeasePath = "apis/coordination.k8s.io/v1/namespaces/operator/leases/patch-operator";
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private readonly MiniApi api = new();
    private readonly StoppableTime time = new(new DateTimeOffset(2026, 11, 23, 9, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_missing_lease_is_created_and_the_lease_is_released_on_stop()
    {
        await using var harness = await StartAsync("one");
        await harness.EventuallyAsync(() => Leads(harness), Tick);
        Assert.Equal("one", Holder());
        await harness.StopAsync();
        Assert.Null(Holder());
        Assert.False(Leads(harness));
    }

    [Fact]
    public async Task A_lease_without_a_holder_does_not_block()
    {
        api.Put(LeasePath, lease => lease["spec"] = new JsonObject { ["leaseTransitions"] = 6 });
        await using var harness = await StartAsync("one");
        await harness.EventuallyAsync(() => Leads(harness), Tick);
        Assert.Equal(7, harness.Services.GetRequiredService<ILeadership>().Current!.Epoch);
    }

    [Fact]
    public async Task After_a_release_the_next_process_leads_without_waiting_for_the_lease_to_expire()
    {
        await using var one = await StartAsync("one");
        await one.EventuallyAsync(() => Leads(one), Tick);
        await using var two = await StartAsync("two");
        await Harness.SettleAsync();
        Assert.False(Leads(two));
        var stopped = time.GetUtcNow();
        await one.StopAsync();
        await two.EventuallyAsync(() => Leads(two), Tick);
        Assert.InRange((time.GetUtcNow() - stopped).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task A_lease_that_somebody_deletes_stays_with_its_holder()
    {
        await using var one = await StartAsync("one");
        await one.EventuallyAsync(() => Leads(one), Tick);
        await using var two = await StartAsync("two");
        time.Advance(TimeSpan.FromSeconds(3));
        await Harness.SettleAsync();
        var first = one.Services.GetRequiredService<ILeadership>().Current!;
        api.Remove(LeasePath);
        for (var i = 0; i < 50; i++)
        {
            Assert.False(Leads(two));
            time.Advance(Tick);
            await Task.Delay(3);
        }

        await one.EventuallyAsync(() => Leads(one), Tick);
        Assert.Equal("one", Holder());
        Assert.True(one.Services.GetRequiredService<ILeadership>().Current!.Epoch > first.Epoch);
    }

    [Fact]
    public async Task A_lease_that_is_another_s_by_now_ends_the_term_at_the_first_conflict()
    {
        await using var one = await StartAsync("one");
        await one.EventuallyAsync(() => Leads(one), Tick);
        api.Put(LeasePath, lease => lease["spec"]!["holderIdentity"] = "somebody");
        var taken = time.GetUtcNow();
        await one.EventuallyAsync(() => !Leads(one), Tick);
        Assert.InRange((time.GetUtcNow() - taken).TotalSeconds, 0, 2.5);
    }

    [Fact]
    public async Task Leadership_is_lost_by_the_clock_and_regained_with_a_later_epoch()
    {
        await using var harness = await StartAsync("one");
        await harness.EventuallyAsync(() => Leads(harness), Tick);
        var leadership = harness.Services.GetRequiredService<ILeadership>();
        var first = leadership.Current!;

        api.Intercept = request => request.RequestUri!.AbsolutePath.Contains("leases", StringComparison.Ordinal)
            ? throw new HttpRequestException(HttpRequestError.ConnectionError, "refused")
            : null;
        var lost = time.GetUtcNow();
        await harness.EventuallyAsync(() => !Leads(harness), Tick);
        Assert.InRange((time.GetUtcNow() - lost).TotalSeconds, 7, 11);
        Assert.True(first.Token.IsCancellationRequested);

        api.Intercept = null;
        await harness.EventuallyAsync(() => Leads(harness), Tick);
        Assert.True(leadership.Current!.Epoch > first.Epoch);
        Assert.False(leadership.Current.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task The_old_leader_writes_nothing_after_its_term_and_works_again_in_the_next()
    {
        var script = new Script();
        var proceed = new TaskCompletionSource();
        var refused = new TaskCompletionSource<Exception>();
        script.Reconcile = async (harness, widget, _) =>
        {
            if (script.Runs.Count == 1)
            {
                // A reconcile that pays no attention to its token.
                await proceed.Task;
                try
                {
                    await harness.Client.MergePatchAsync(Widgets.Type, Harness.Key("a"), new JsonObject { ["spec"] = new JsonObject { ["size"] = 666 } }, CancellationToken.None);
                }
                catch (Exception exception)
                {
                    refused.SetResult(exception);
                }
            }

            return ReconciliationResult<Widget>.Success(widget);
        };
        api.Put(MiniApi.Path("a"));
        await using var one = await StartAsync("one", script);
        await one.EventuallyAsync(() => script.Runs.Count == 1, Tick);

        api.Intercept = request => request.RequestUri!.AbsolutePath.Contains("leases", StringComparison.Ordinal)
            ? MiniApi.Status(503, "ServiceUnavailable")
            : null;
        await one.EventuallyAsync(() => !Leads(one), Tick);
        proceed.SetResult();
        Assert.IsType<OperationCanceledException>(await refused.Task.WaitAsync(TimeSpan.FromSeconds(10)), exactMatch: false);
        Assert.DoesNotContain(api.Writes, write => write.Contains("widgets", StringComparison.Ordinal));

        api.Intercept = null;
        await one.EventuallyAsync(() => script.Runs.Count == 2, Tick);
        Assert.DoesNotContain(api.Writes, write => write.Contains("widgets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_was_stopped_for_longer_than_its_term_writes_nothing_before_its_timers_have_run()
    {
        await using var one = await StartAsync("one");
        await one.EventuallyAsync(() => Leads(one), Tick);
        var term = one.Services.GetRequiredService<ILeadership>().Current!;
        api.Put(MiniApi.Path("a"));
        time.GoOnWithoutTimers(TimeSpan.FromSeconds(30));
        Assert.False(term.Token.IsCancellationRequested);
        await Assert.ThrowsAsync<OperationCanceledException>(() => one.Client.MergePatchAsync(Widgets.Type, Harness.Key("a"), new JsonObject { ["spec"] = new JsonObject { ["size"] = 666 } }, CancellationToken.None));
        Assert.DoesNotContain(api.Writes, write => write.Contains("widgets", StringComparison.Ordinal));

        await one.EventuallyAsync(() => Leads(one), Tick);
        Assert.True(term.Token.IsCancellationRequested);
        Assert.True(one.Services.GetRequiredService<ILeadership>().Current!.Epoch > term.Epoch);
    }

    [Fact]
    public async Task Two_processes_never_lead_at_once_while_the_leader_is_cut_off()
    {
        await using var one = await StartAsync("one");
        await one.EventuallyAsync(() => Leads(one), Tick);
        await using var two = await StartAsync("two");
        await Harness.SettleAsync();
        api.Intercept = request => request.Headers.UserAgent.ToString().StartsWith("one", StringComparison.Ordinal) ? throw new HttpRequestException(HttpRequestError.ConnectionError, "cut off") : null;
        while (!Leads(two))
        {
            Assert.False(Leads(one) && Leads(two));
            time.Advance(Tick);
            await Task.Delay(3);
        }

        Assert.False(Leads(one));
        Assert.Equal("two", Holder());
        api.Intercept = null;
        time.Advance(TimeSpan.FromSeconds(3));
        await Harness.SettleAsync();
        Assert.False(Leads(one));
    }

    [Fact]
    public async Task Followers_read_but_do_not_reconcile_and_begin_their_term_with_every_object()
    {
        var script = new Script();
        api.Put(LeasePath, lease => lease["spec"] = new JsonObject { ["holderIdentity"] = "other", ["leaseDurationSeconds"] = 15 });
        api.Put(MiniApi.Path("a"));
        api.Put(MiniApi.Path("b"));
        await using var harness = await StartAsync("one", script);
        await harness.EventuallyAsync(() => harness.Services.GetRequiredService<IInformer<Widget>>().HasSynced, TimeSpan.FromMilliseconds(1));
        await Harness.SettleAsync();
        Assert.Empty(script.Runs);
        await harness.EventuallyAsync(() => script.Runs.Count == 2, Tick);
    }

    [Fact]
    public async Task A_leader_renews_with_one_request_and_looks_again_after_another_writer()
    {
        await using var harness = await StartAsync("one");
        await harness.EventuallyAsync(() => Leads(harness), Tick);
        var reads = 0;
        api.Intercept = request =>
        {
            if (request.Method == HttpMethod.Get && request.RequestUri!.AbsolutePath.Contains("leases", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref reads);
            }

            return null;
        };
        var renewed = RenewTime();
        await harness.EventuallyAsync(() => RenewTime() != renewed, Tick);
        Assert.Equal(0, reads);

        api.Put(LeasePath, lease => lease["metadata"]!["labels"] = new JsonObject { ["seen-by"] = "somebody" });
        renewed = RenewTime();
        await harness.EventuallyAsync(() => RenewTime() != renewed, Tick);
        Assert.Equal(1, reads);
        Assert.Equal("somebody", api.Read(LeasePath)!["metadata"]!["labels"]!["seen-by"]!.GetValue<string>());
        Assert.True(Leads(harness));
    }

    private string? RenewTime() => api.Read(LeasePath)?["spec"]?["renewTime"]?.GetValue<string>();

    private static bool Leads(Harness harness) => harness.Services.GetRequiredService<ILeadership>().Current is not null;

    private string? Holder() => api.Read(LeasePath)?["spec"]?["holderIdentity"]?.GetValue<string>();

    private async Task<Harness> StartAsync(string identity, Script? script = null)
    {
        var harness = new Harness(new MiniApiView(api), add =>
        {
            if (script is not null)
            {
                add.Services.AddSingleton(script);
                add.AddController<WidgetController, Widget>(Widgets.Type);
            }
        }, options =>
        {
            options.LeaderElection.Enabled = true;
            options.Identity = identity;
            options.Name = identity;
        }, time);
        if (script is not null)
        {
            script.Harness = harness;
        }

        return await harness.StartAsync();
    }
}

internal sealed class StoppableTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long ahead;

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref ahead);

    /// <summary>As the monotonic clock of a process does that is stopped: it gets no turn to run what is due.</summary>
    public void GoOnWithoutTimers(TimeSpan span) => Interlocked.Add(ref ahead, (long)(span.TotalSeconds * TimestampFrequency));
}

/// <summary>A second process's way to the same server.</summary>
internal sealed class MiniApiView(MiniApi api) : DelegatingHandler
{
    private readonly HttpMessageInvoker invoker = new(api, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        invoker.SendAsync(request, cancellationToken);
}
