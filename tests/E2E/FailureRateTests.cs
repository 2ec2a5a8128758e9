using PatchOperator.Tests.E2E.Engine;
using Xunit;

namespace PatchOperator.Tests.E2E;

/// <summary>
/// Needs a real cluster and a real Prometheus: little traffic (10 requests a second, half of them to the canary), a preset's queries, and no
/// ceiling to help, so that only the comparison with stable tells a bad canary from a good one. The shops run side by side: each waits far more than it works.
/// </summary>
[Trait("Needs", "Cluster")]
[Collection(SideBySideCollection.Name)]
public sealed class FailureRateTests(SideBySideShops shops, ITestOutputHelper output)
{
    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(100)]
    public async Task A_canary_that_fails_is_reverted_by_the_comparison_alone(int percent) => output.WriteLine(await shops.Rates.Failing(percent));

    [Fact]
    public async Task A_canary_that_fails_no_more_often_than_stable_is_promoted() => output.WriteLine(await shops.Rates.FailingAlike);

    [Fact]
    public async Task A_canary_that_no_visitor_meets_is_reverted_by_probes() => output.WriteLine(await shops.Rates.WithoutVisitors);
}
