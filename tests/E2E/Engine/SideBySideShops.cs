using Xunit;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>Shops that wait far more than they work, all at the same time: first those whose seconds are measured, then the others.</summary>
public sealed class SideBySideShops : IAsyncLifetime
{
    public FailureRateShops Rates { get; } = new();

    internal EngineShops Engine { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Rates.InitializeAsync();
        Engine = new EngineShops(after: Task.WhenAll(Rates.Failing(20), Rates.Failing(100)));
        Engine.Begin();
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Rates.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class SideBySideCollection : ICollectionFixture<SideBySideShops>
{
    public const string Name = "Shops of a real cluster, side by side";
}
