using Xunit;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>Needs a real cluster: what is asked of a run besides going straight, with real controllers, a real scheduler and a real kubelet.</summary>
[Trait("Needs", "Cluster")]
[Collection(SideBySideCollection.Name)]
public sealed class EngineTests(SideBySideShops shops, ITestOutputHelper output)
{
    public static TheoryData<string> Scenarios => [.. EngineScenarios.All.Keys];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task A_run_ends_on_a_real_cluster_as_it_does_on_the_double(string scenario) => output.WriteLine($"{scenario}: {await shops.Engine.Of(scenario)}");
}
