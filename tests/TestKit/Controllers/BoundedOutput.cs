namespace PatchOperator.TestKit.Controllers;

/// <summary>The last lines of a process; older ones are dropped.</summary>
internal sealed class BoundedOutput(int capacity)
{
    private const int LongestLine = 2_000;
    private readonly Queue<string> _lines = new();

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <param name="line">Null is the end of the stream.</param>
    public void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line.Length > LongestLine ? line[..LongestLine] : line);
            if (_lines.Count > capacity)
            {
                _lines.Dequeue();
            }
        }
    }
}
