using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>What kept a reconcile from being completed, and when to try again.</summary>
/// <param name="Message">In the server's words.</param>
/// <param name="IsRace">Someone was faster: look again at once, and no fuss.</param>
/// <param name="RetryAfter">Null leaves it to the growing delay.</param>
/// <param name="Exception">For the log.</param>
internal sealed record Trouble(string Message, bool IsRace, TimeSpan? RetryAfter, Exception? Exception)
{
    public static Trouble Of(ClusterException exception) => exception.Kind switch
    {
        ApiErrorKind.Conflict or ApiErrorKind.AlreadyExists => new Trouble(exception.Message, true, TimeSpan.FromMilliseconds(100), exception),
        ApiErrorKind.NotFound or ApiErrorKind.Gone => new Trouble(exception.Message, true, TimeSpan.FromMilliseconds(500), exception),
        ApiErrorKind.Throttled => new Trouble(exception.Message, false, exception.Error.RetryAfter, exception),
        ApiErrorKind.Invalid or ApiErrorKind.Forbidden => new Trouble(exception.Message, false, TimeSpan.FromSeconds(5), exception),
        ApiErrorKind.Unauthorized or ApiErrorKind.Timeout or ApiErrorKind.Unavailable or ApiErrorKind.Other => new Trouble(exception.Message, false, null, exception),
    };

    /// <summary>
    /// The API server refused the change itself; people must see its words in the status. So it is with a 500, by which it says that it cannot read a
    /// manifest or reach a webhook.
    /// </summary>
    public static bool IsRefusal(ClusterException exception) =>
        exception.Kind is ApiErrorKind.Invalid or ApiErrorKind.Forbidden || exception is { Kind: ApiErrorKind.Unavailable, Error.StatusCode: 500 };
}
