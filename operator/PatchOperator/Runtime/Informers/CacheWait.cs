namespace PatchOperator.Runtime;

/// <summary>
/// Waits for copies to be complete: the first time for as long as that usually takes, and from then on, at each look, for a moment only, so that what does
/// not come keeps nothing else waiting.
/// </summary>
internal sealed class CacheWait
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LaterPatience = TimeSpan.FromMilliseconds(200);

    private volatile bool hasFailed;

    /// <returns>False if they are not complete in time, or the server could not be asked what to copy.</returns>
    public async Task<bool> ForAsync(Func<CancellationToken, Task> complete, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(hasFailed ? LaterPatience : Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await complete(either.Token);
            return true;
        }
        catch (Exception exception) when (exception is ClusterException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            hasFailed = true;
            return false;
        }
    }
}
