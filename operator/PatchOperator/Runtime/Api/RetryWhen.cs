namespace PatchOperator.Runtime;

/// <summary>Which failures of a request may be answered by sending it again, by what the repetition could do.</summary>
internal static class RetryWhen
{
    /// <summary>A longer pause is the caller's business: a worker must not sleep through it.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Reads change nothing.</summary>
    public static bool ReadFailed(ApiError error) => IsTransient(error);

    /// <summary>Apply, merge patch, replace and delete end in the same state when they run twice.</summary>
    public static bool RepeatableWriteFailed(ApiError error) => IsTransient(error);

    /// <summary>Create and JSON patch run twice are a second object or a failed <c>test</c>: again only if the first did nothing.</summary>
    public static bool NothingWasDone(ApiError error) => error.TookNoEffect && IsTransient(error);

    private static bool IsTransient(ApiError error) =>
        error.Kind is ApiErrorKind.Throttled or ApiErrorKind.Timeout or ApiErrorKind.Unavailable && !(error.RetryAfter > LongestPause);
}
