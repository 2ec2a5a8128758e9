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

    [Theory]
    [InlineData(0, 4, 1)]
    [InlineData(1, 4, 1)]
    [InlineData(25, 4, 1)]
    [InlineData(26, 4, 2)]
    [InlineData(50, 4, 2)]
    [InlineData(100, 4, 4)]
    [InlineData(5, 100, 5)]
    [InlineData(7, 100, 7)]
    [InlineData(50, 0, 1)]
    public void Behind_a_route_no_canary_pod_carries_more_than_a_pod_of_stable(int weight, int stable, int expected) =>
        Assert.Equal(expected, CanaryStepper.ReplicasForShare(weight, stable));
}
