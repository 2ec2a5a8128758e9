using Microsoft.Extensions.Time.Testing;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class WorkQueueTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly WorkQueue<string> queue;

    public WorkQueueTests()
    {
        queue = new WorkQueue<string>("test", time, Backoff.Default, () => 0);
    }

    public void Dispose() => queue.Dispose();

    [Fact]
    public void A_key_that_is_added_many_times_waits_once()
    {
        queue.Add("a");
        queue.Add("a");
        queue.Add("b");
        Assert.Equal("a", Take());
        Assert.Equal("b", Take());
        Assert.Null(Take());
    }

    [Fact]
    public void A_key_is_never_with_two_workers_and_runs_again_when_it_was_added_meanwhile()
    {
        queue.Add("a");
        Take();
        queue.Add("a");
        queue.Add("a");
        Assert.Null(Take());
        queue.Succeed("a");
        Assert.Equal("a", Take());
        queue.Succeed("a");
        Assert.Null(Take());
    }

    [Fact]
    public void The_earliest_of_several_times_wins()
    {
        queue.AddAfter("a", Seconds(30));
        queue.AddAfter("a", Seconds(10));
        queue.AddAfter("a", Seconds(20));
        time.Advance(Seconds(9.9));
        Assert.Null(Take());
        time.Advance(Seconds(0.1));
        Assert.Equal("a", Take());
        queue.Succeed("a");
        time.Advance(Seconds(60));
        Assert.Null(Take());
    }

    [Fact]
    public void A_timed_requeue_survives_the_run_of_an_event_that_names_no_time()
    {
        queue.Add("a");
        Take();
        queue.Succeed("a", Seconds(60));

        time.Advance(Seconds(10));
        queue.Add("a");
        Assert.Equal("a", Take());
        queue.Succeed("a");

        time.Advance(Seconds(50));
        Assert.Equal("a", Take());
    }

    [Fact]
    public void A_returned_time_replaces_the_timed_requeue_also_with_a_later_one()
    {
        queue.AddAfter("a", Seconds(60));
        queue.Add("a");
        Take();
        queue.Succeed("a", Seconds(100));
        time.Advance(Seconds(99));
        Assert.Null(Take());
        time.Advance(Seconds(1));
        Assert.Equal("a", Take());
    }

    [Fact]
    public void A_time_that_was_asked_for_during_the_run_is_not_replaced_by_a_later_returned_one()
    {
        queue.Add("a");
        Take();
        queue.AddAfter("a", Seconds(5));
        queue.Succeed("a", Seconds(100));
        time.Advance(Seconds(5));
        Assert.Equal("a", Take());
    }

    [Fact]
    public void A_timed_requeue_survives_failures_and_their_retries()
    {
        queue.AddAfter("a", Seconds(600));
        queue.Add("a");
        Take();
        queue.Fail("a");
        time.Advance(Seconds(1));
        Assert.Equal("a", Take());
        queue.Succeed("a");
        time.Advance(Seconds(598));
        Assert.Null(Take());
        time.Advance(Seconds(1));
        Assert.Equal("a", Take());
    }

    [Fact]
    public void A_failing_key_is_retried_for_ever_with_a_capped_delay()
    {
        queue.Add("a");
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 }.Concat(Enumerable.Repeat(60, 200)))
        {
            Assert.Equal("a", Take());
            Assert.Equal(Seconds(seconds), queue.Fail("a"));
            time.Advance(Seconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Null(Take());
            time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public void Something_that_is_due_bounds_the_delay_of_a_failure_and_never_lengthens_it()
    {
        queue.Add("a");
        Take();
        Assert.Equal(Seconds(1), queue.Fail("a", noLaterThan: Seconds(600)));
        time.Advance(Seconds(1));
        Take();
        Assert.Equal(Seconds(0.5), queue.Fail("a", noLaterThan: Seconds(0.5)));
        time.Advance(Seconds(0.5));
        Take();
        Assert.Equal(Seconds(3), queue.Fail("a", retryAfter: Seconds(30), noLaterThan: Seconds(3)));
    }

    [Fact]
    public void A_success_begins_the_delays_anew()
    {
        queue.Add("a");
        Take();
        queue.Fail("a");
        time.Advance(Seconds(1));
        Take();
        queue.Fail("a");
        time.Advance(Seconds(2));
        Take();
        queue.Succeed("a");
        queue.Add("a");
        Take();
        Assert.Equal(Seconds(1), queue.Fail("a"));
    }

    [Fact]
    public void An_event_need_not_wait_for_the_retry_of_a_failure()
    {
        queue.Add("a");
        Take();
        queue.Fail("a", Seconds(60));
        queue.Add("a");
        Assert.Equal("a", Take());
    }

    [Fact]
    public void Forget_drops_alarms_and_leaves_nothing_behind()
    {
        queue.Add("a");
        Take();
        queue.Fail("a");
        queue.AddAfter("a", Seconds(5));
        queue.Forget("a");
        time.Advance(Seconds(600));
        Assert.Null(Take());
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void A_hundred_thousand_reschedules_leave_one_entry()
    {
        for (var i = 0; i < 100_000; i++)
        {
            queue.Add("a");
            Take();
            queue.Succeed("a", Seconds(600));
        }

        Assert.Equal(1, queue.Count);
        queue.Forget("a");
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Nothing_is_handed_out_after_stop_and_a_late_success_is_accepted()
    {
        queue.Add("a");
        Take();
        queue.Add("b");
        queue.Stop();
        queue.Succeed("a", Seconds(1));
        time.Advance(Seconds(10));
        Assert.ThrowsAny<Exception>(() => Take());
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>Null if no key is ready now.</summary>
    private string? Take()
    {
        using var notNow = new CancellationTokenSource();
        var take = queue.TakeAsync(notNow.Token).AsTask();
        if (!take.IsCompleted)
        {
            notNow.Cancel();
            return null;
        }

        return take.GetAwaiter().GetResult();
    }
}
