namespace PatchOperator.Metrics.Http;

/// <summary>Why a source cannot be asked at all: a Secret that is missing, may not be read, or makes no sense.</summary>
/// <param name="message">For the user; names Secrets and keys, never a value.</param>
/// <param name="terminal">Whether the user must change something before it can work.</param>
internal sealed class AccessProblemException(string message, bool terminal) : Exception(message)
{
    public bool IsTerminal { get; } = terminal;
}
