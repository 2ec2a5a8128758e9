namespace PatchOperator.Runtime;

/// <summary>
/// For calls that others wait behind: shorter than what the client allows each call. A call that is cut off may have been cut off on the server, too, so for
/// the next one about the same object the limit is twice as long, up to the longest, until one is answered: what is slow succeeds in the end.
/// </summary>
/// <param name="first">The limit.</param>
/// <param name="time">The clock.</param>
/// <param name="most">The longest limit; null for what the client allows one attempt of a call.</param>
internal sealed class TimeLimit(TimeSpan first, TimeProvider time, TimeSpan? most = null)
{
    private readonly BoundedMemory<TimeSpan> limits = new();
    private readonly TimeSpan longest = most ?? TimeSpan.FromSeconds(10);

    public async Task RunAsync(string key, string what, Func<CancellationToken, Task> call, CancellationToken cancellation) => await RunAsync(
        key,
        what,
        async token =>
        {
            await call(token);
            return true;
        },
        cancellation);

    /// <param name="key">What it is about: the uid of an object, and what is done to it where that is not always the same.</param>
    /// <param name="what">For the message.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellation">Of the caller.</param>
    /// <exception cref="ClusterException">As the call throws it; with <see cref="ApiErrorKind.Timeout"/> when the limit has passed.</exception>
    public async Task<TResult> RunAsync<TResult>(string key, string what, Func<CancellationToken, Task<TResult>> call, CancellationToken cancellation)
    {
        var limit = limits.TryGet(key, out var longer) ? longer : first;
        using var timer = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            var result = await call(either.Token);
            limits.Forget(key);
            return result;
        }
        catch (OperationCanceledException exception) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            limits.Set(key, limit * 2 < longest ? limit * 2 : longest);
            throw new ClusterException(ApiErrors.TimedOut(limit), what, exception);
        }
    }
}
