using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace PatchOperator.Runtime;

/// <summary>Reads a watch's answer: one JSON document a line, <c>{"type":"ADDED","object":{…}}</c>, until the server closes it.</summary>
internal static class WatchStream
{
    // etcd takes objects of 1.5 MB; with the envelope and escaping nothing sensible is near this.
    private const int LongestLine = 16 * 1024 * 1024;

    /// <param name="stream">The body.</param>
    /// <param name="onBytes">Called for every arrival, also of a part of a line: the connection lives.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines in order; each is valid until the next is asked for. A last line that is cut off is not returned.</returns>
    public static async IAsyncEnumerable<JsonDocument> ReadAsync(
        Stream stream, Action onBytes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = PipeReader.Create(stream);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(cancellation);
                onBytes();
                var buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = buffer.Slice(0, end);
                    if (!line.IsEmpty)
                    {
                        using var document = JsonDocument.Parse(line, ApiJson.Deep);
                        yield return document;
                    }

                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }

                if (buffer.Length > LongestLine)
                {
                    throw new JsonException($"A line of the watch is longer than {LongestLine} bytes");
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }
}
