using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.Tests.Cluster.Patches.Faults;

/// <summary>An operator that dies at one of its calls: nothing that it sends afterwards reaches the API server.</summary>
internal sealed class Victim : IDisposable
{
    private readonly TaskCompletionSource<string?> killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int callNumber;
    private readonly bool before;
    private IDisposable? hookBefore;
    private IDisposable? hookAfter;
    private int calls;
    private long fatal;
    private volatile bool dead;

    private Victim(string name, int callNumber, bool before)
    {
        Name = name;
        this.callNumber = callNumber;
        this.before = before;
    }

    public string Name { get; }

    /// <summary>The call at which it died; null if it was spared.</summary>
    public Task<string?> Killed => killed.Task;

    /// <summary>Starts an operator that will die.</summary>
    /// <param name="town">Where it lives.</param>
    /// <param name="callNumber">Of its calls, from 1.</param>
    /// <param name="before">Whether it dies before the call takes effect, or after that and before it learns of it.</param>
    public static async Task<Victim> ArmAsync(Town town, int callNumber, bool before)
    {
        var victim = new Victim(town.NextInstance, callNumber, before);
        victim.hookBefore = town.Api.Faults.Before(victim.BeforeCall);
        victim.hookAfter = town.Api.Faults.After(victim.AfterCall);
        await town.StartOperatorAsync();
        return victim;
    }

    public void Spare() => killed.TrySetResult(null);

    public void Dispose()
    {
        hookBefore?.Dispose();
        hookAfter?.Dispose();
    }

    private FaultAction? BeforeCall(ApiRequest call)
    {
        if (!IsMine(call))
        {
            return null;
        }

        if (dead)
        {
            return new FaultAction.CloseConnectionBefore();
        }

        if (Interlocked.Increment(ref calls) != callNumber)
        {
            return null;
        }

        if (before)
        {
            return Die(call);
        }

        Interlocked.Exchange(ref fatal, call.Number);
        return null;
    }

    private FaultAction? AfterCall(ApiRequest call)
    {
        if (!IsMine(call))
        {
            return null;
        }

        // What took effect before the death did so, but nobody hears of it.
        return call.Number == Interlocked.Read(ref fatal) ? Die(call) : dead ? new FaultAction.CloseConnectionAfter() : null;
    }

    private bool IsMine(ApiRequest call) => call.UserAgent.StartsWith(Name + "/", StringComparison.Ordinal);

    private FaultAction Die(ApiRequest call)
    {
        dead = true;
        killed.TrySetResult(call.ToString());
        return new FaultAction.CloseConnectionBefore();
    }
}
