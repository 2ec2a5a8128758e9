namespace PatchOperator.Tests.Cluster.Patches;

/// <summary>
/// One story of a patch from its beginning to the end of its run. What people do in it waits for what they would see, so that it plays the same
/// way under every fault; nothing in it knows of operators that come and go.
/// </summary>
/// <param name="Name">Shown in reports.</param>
/// <param name="Play">From the first resource to the last phase.</param>
internal sealed record Scenario(string Name, Func<Town, Task> Play)
{
    /// <summary>What the town looks like before the operator starts.</summary>
    public Func<Town, Task> Before { get; init; } = _ => Task.CompletedTask;

    public override string ToString() => Name;

    /// <summary>Plays it and waits until nothing moves any more.</summary>
    public async Task<string> RunAsync(Town town)
    {
        await Play(town);
        await town.UntilAsync(() => Ending.IsSettled(town), "everything is settled", 60);
        return Ending.Of(town);
    }
}
