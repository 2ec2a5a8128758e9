namespace PatchOperator.Runtime;

/// <summary>For calls that others wait behind: shorter than what the client allows each call.</summary>
internal static class TimeLimit
{
    /// <exception cref="ClusterException">As the call throws it; with <see cref="ApiErrorKind.Timeout"/> when the limit has passed.</exception>
    public static async Task<TResult> RunAsync<TResult>(TimeSpan limit, TimeProvider time, string what, Func<CancellationToken, Task<TResult>> call, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClusterException(ApiErrors.TimedOut(limit), what, exception);
        }
    }
}
