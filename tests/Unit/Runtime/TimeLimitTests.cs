using Microsoft.Extensions.Time.Testing;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class TimeLimitTests
{
    private readonly FakeTimeProvider time = new();
    private readonly TimeLimit limit;

    public TimeLimitTests()
    {
        limit = new TimeLimit(TimeSpan.FromSeconds(3), time, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Each_time_in_a_row_that_it_is_too_short_for_an_object_it_is_twice_as_long_up_to_the_longest()
    {
        foreach (var seconds in (int[])[3, 6, 10, 10])
        {
            Assert.Equal(seconds, await CutOffAsync("a"));
        }

        Assert.Equal(3, await CutOffAsync("b"));
        Assert.Equal(7, await limit.RunAsync("a", "PUT a", _ => Task.FromResult(7), CancellationToken.None));
        Assert.Equal(3, await CutOffAsync("a"));
    }

    [Fact]
    public async Task What_the_caller_or_somebody_else_cancels_is_no_timeout()
    {
        using var caller = new CancellationTokenSource();
        var call = limit.RunAsync("a", "PUT a", HangAsync, caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Assert.ThrowsAsync<OperationCanceledException>(() => limit.RunAsync<int>("a", "PUT a", _ => throw new OperationCanceledException("This process does not lead"), CancellationToken.None));
        Assert.Equal(3, await CutOffAsync("a"));
    }

    /// <returns>Seconds until a call that hangs is cut off.</returns>
    private async Task<int> CutOffAsync(string uid)
    {
        var call = limit.RunAsync(uid, $"PUT {uid}", HangAsync, CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(1));
        var exception = await Assert.ThrowsAsync<ClusterException>(() => call);
        Assert.Equal(ApiErrorKind.Timeout, exception.Kind);
        return int.Parse(exception.Message[$"PUT {uid}: No answer within ".Length..^2], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<int> HangAsync(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        return 0;
    }
}
