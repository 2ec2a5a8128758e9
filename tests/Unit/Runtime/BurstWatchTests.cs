using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class BurstWatchTests
{
    private readonly BurstWatch watch = new();

    [Fact]
    public void A_burst_is_over_at_the_first_quiet_look_and_only_once()
    {
        Assert.False(watch.IsOver(BurstWatch.Burst));
        Assert.False(watch.IsOver(3 * BurstWatch.Burst), "it still allocates");
        Assert.True(watch.IsOver(3 * BurstWatch.Burst));
        Assert.False(watch.IsOver(3 * BurstWatch.Burst));
    }

    [Fact]
    public void A_little_at_a_time_counts_as_a_burst_once_it_has_added_up()
    {
        var allocated = 0L;
        var looks = 0;
        while (!watch.IsOver(allocated))
        {
            allocated += BurstWatch.Quiet / 2;
            looks++;
        }

        Assert.Equal(BurstWatch.Burst / (BurstWatch.Quiet / 2), looks);
    }

    [Fact]
    public void A_process_that_allocates_all_the_time_is_left_to_the_collector()
    {
        for (var look = 1; look <= 100; look++)
        {
            Assert.False(watch.IsOver(look * BurstWatch.Quiet));
        }
    }
}
