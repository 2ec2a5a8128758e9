using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class BackoffTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(6, 32)]
    [InlineData(7, 60)]
    [InlineData(1_000_000, 60)]
    [InlineData(int.MaxValue, 60)]
    public void Doubles_from_one_second_to_sixty_and_stays_there_for_ever(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Backoff.Default.Delay(failures, 0));

    [Fact]
    public void Jitter_takes_at_most_a_fifth_off() =>
        Assert.Equal(TimeSpan.FromSeconds(48), Backoff.Default.Delay(100, 1));
}
