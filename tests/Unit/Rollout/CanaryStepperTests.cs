using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

public sealed class CanaryStepperTests
{
    [Theory]
    [InlineData(5, 3, 1)]
    [InlineData(25, 4, 1)]
    [InlineData(25, 3, 1)]
    [InlineData(25, 12, 4)]
    [InlineData(50, 4, 4)]
    [InlineData(50, 1, 1)]
    [InlineData(75, 4, 12)]
    [InlineData(90, 2, 18)]
    [InlineData(10, 100, 11)]
    public void Replicas_never_give_more_than_the_weight_but_for_the_first_pod(int weight, int stable, int expected) =>
        Assert.Equal(expected, CanaryStepper.ReplicasFor(weight, stable));
}
