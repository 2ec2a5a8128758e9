using PatchOperator.Tests.E2E.Infrastructure;

namespace PatchOperator.Tests.E2E.Engine;

/// <summary>A shop for each scenario, a few at a time.</summary>
internal sealed class EngineShops(Task after) : IAsyncDisposable
{
    private const int AtOnce = 4;

    private readonly SemaphoreSlim places = new(AtOnce);
    private readonly Dictionary<string, Task<string>> playing = [];

    /// <summary>Begins them all, once what must be alone on the machine is over.</summary>
    public void Begin()
    {
        var number = 0;
        foreach (var (name, play) in EngineScenarios.All)
        {
            var shop = $"engine-{++number}";
            playing[name] = Task.Run(() => PlayAsync(shop, play));
        }
    }

    public Task<string> Of(string scenario) => playing[scenario];

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(playing.Values).ContinueWith(_ => { }, TaskScheduler.Default);
        places.Dispose();
        foreach (var (name, played) in playing)
        {
            ScenarioReport.Add(name, played.IsCompletedSuccessfully ? await played : "**failed**");
        }
    }

    private async Task<string> PlayAsync(string shop, Func<EngineScene, Task<string>> play)
    {
        await after.ContinueWith(_ => { }, TaskScheduler.Default);
        await places.WaitAsync();
        try
        {
            await using var scene = await EngineScene.OpenAsync(shop);
            var begin = TimeProvider.System.GetTimestamp();
            var end = await play(scene);
            return $"{end} ({TimeProvider.System.GetElapsedTime(begin).TotalSeconds:0} s)";
        }
        finally
        {
            places.Release();
        }
    }
}
