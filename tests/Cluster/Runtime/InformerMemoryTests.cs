using Microsoft.Extensions.DependencyInjection;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

/// <summary>Measures the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}

[Collection(Alone.Name)]
public sealed class InformerMemoryTests
{
    private readonly MiniApi api = new();

    [Fact]
    public async Task Memory_does_not_grow_over_a_thousand_reconnects()
    {
        api.Put(MiniApi.Path("a"));
        await using var harness = await new Harness(api).StartAsync();
        using var lease = harness.Services.GetRequiredService<IInformerFactory>().Shared(Widgets.Type);
        await lease.Informer.WaitForSyncAsync(CancellationToken.None);
        await ReconnectAsync(100);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await ReconnectAsync(1000);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(after - before < 500_000, $"Grew by {after - before} bytes");

        async Task ReconnectAsync(int times)
        {
            var target = api.WatchesOpened + times;
            while (api.WatchesOpened < target)
            {
                var opened = api.WatchesOpened;
                await harness.EventuallyAsync(() => api.OpenWatches == 1, TimeSpan.FromSeconds(1));
                api.Put(MiniApi.Path("a"));
                api.CloseWatches();
                await harness.EventuallyAsync(() => api.WatchesOpened > opened, TimeSpan.FromSeconds(1));
            }
        }
    }
}
