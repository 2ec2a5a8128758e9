namespace PatchOperator.TestKit.ApiServer;

/// <summary>What happens to a call instead of, before or after its execution.</summary>
public abstract record FaultAction
{
    private FaultAction()
    {
    }

    /// <summary>Answers with a Status of this code; from an after-hook the effect has happened nevertheless.</summary>
    public sealed record Fail(int Code, string Reason, TimeSpan? RetryAfter = null, string? Message = null) : FaultAction;

    public sealed record Delay(TimeSpan By) : FaultAction;

    /// <summary>Answers nothing until the client gives up. Before: nothing is executed. After: it is.</summary>
    public sealed record Hang : FaultAction;

    public sealed record CloseConnectionBefore : FaultAction;

    /// <summary>The effect happens, but the client never learns of it.</summary>
    public sealed record CloseConnectionAfter : FaultAction;
}
