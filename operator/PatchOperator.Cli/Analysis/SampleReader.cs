using System.Text;
using System.Text.Json;
using PatchOperator.Domain.Rollout.Replay;

namespace PatchOperator.Cli.Analysis;

/// <summary>A line of a sample file that cannot be used; the message says what was expected.</summary>
internal sealed class SampleException(long line, string message) : Exception($"line {line}: {message}")
{
    public long Line => line;
}

/// <summary>One line: <c>{"run":"a","t":12.0,"canary":{"failures":1,"total":40},"stable":{"failures":2,"total":760}}</c>, perhaps with <c>"metric"</c>.</summary>
/// <param name="Run">Never empty.</param>
/// <param name="Metric">Null where the line names none.</param>
/// <param name="Sample">As written: per tick or cumulative.</param>
internal readonly record struct SampleLine(string Run, string? Metric, ReplaySample Sample)
{
    /// <summary>A thousand years after 1970; milliseconds are beyond it.</summary>
    private const double LatestTime = 3.2e10;

    /// <summary>Unknown members are passed over: recordings often carry more than is asked for.</summary>
    /// <param name="utf8">The line without its end.</param>
    /// <param name="number">Counted from one.</param>
    /// <param name="last">The line before: lines of one run mostly follow each other and share its name.</param>
    public static SampleLine Parse(ReadOnlySpan<byte> utf8, long number, in SampleLine last)
    {
        string? run = null;
        string? metric = null;
        double? at = null;
        ReplayCounts? canary = null;
        ReplayCounts? stable = null;
        var hasCanary = false;
        var reader = new Utf8JsonReader(utf8);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new SampleException(number, """expected an object such as {"run":"a","t":12.0,"canary":{"failures":1,"total":40},"stable":{"failures":2,"total":760}}""");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("run"u8))
                {
                    run = Text(ref reader, last.Run, "run", number);
                }
                else if (reader.ValueTextEquals("metric"u8))
                {
                    metric = Text(ref reader, last.Metric, "metric", number);
                }
                else if (reader.ValueTextEquals("t"u8))
                {
                    at = Number(ref reader, "t", number);
                }
                else if (reader.ValueTextEquals("canary"u8))
                {
                    (canary, hasCanary) = (Counts(ref reader, "canary", number), true);
                }
                else if (reader.ValueTextEquals("stable"u8))
                {
                    stable = Counts(ref reader, "stable", number);
                }
                else
                {
                    reader.Skip();
                }
            }

            if (reader.Read())
            {
                throw new SampleException(number, "there is more than one value on the line");
            }
        }
        catch (JsonException exception)
        {
            throw new SampleException(number, $"is not JSON (at byte {exception.BytePositionInLine + 1}): {Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 80)])}");
        }

        catch (InvalidOperationException)
        {
            throw new SampleException(number, "has text that is not Unicode");
        }

        return string.IsNullOrEmpty(run) ? throw new SampleException(number, "\"run\" is missing: the name of the run that the sample belongs to, as text")
            : at is null ? throw new SampleException(number, "\"t\" is missing: seconds since the canary took traffic")
            : Math.Abs(at.Value) > LatestTime ? throw new SampleException(number, $"\"t\" is {at.Value}, which is no time in seconds; divide milliseconds since 1970 by a thousand")
            : !hasCanary ? throw new SampleException(number, "\"canary\" is missing: {\"failures\":…,\"total\":…}, or null where there were no numbers")
            : new SampleLine(run, metric, new ReplaySample(at.Value, canary, stable));
    }

    private static string Text(ref Utf8JsonReader reader, string? likely, string name, long number)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return likely is not null && reader.ValueTextEquals(likely) ? likely : reader.GetString()!;
        }

        return reader.TokenType == JsonTokenType.Number
            ? Encoding.UTF8.GetString(reader.ValueSpan)
            : throw new SampleException(number, $"\"{name}\" must be text");
    }

    private static ReplayCounts? Counts(ref Utf8JsonReader reader, string track, long number)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new SampleException(number, $"\"{track}\" must be {{\"failures\":…,\"total\":…}} or null");
        }

        double? failures = null;
        double? total = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("failures"u8))
            {
                failures = Number(ref reader, "failures", number);
            }
            else if (reader.ValueTextEquals("total"u8))
            {
                total = Number(ref reader, "total", number);
            }
            else
            {
                reader.Skip();
            }
        }

        return failures is not { } bad || total is not { } all ? throw new SampleException(number, $"\"{track}\" must have failures and total")
            : bad < 0 || all < 0 ? throw new SampleException(number, $"\"{track}\" has a negative count")
            : bad > all ? throw new SampleException(number, $"\"{track}\" has more failures ({bad}) than requests ({all})")
            : new ReplayCounts(bad, all);
    }

    private static double Number(ref Utf8JsonReader reader, string name, long number)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw new SampleException(number, $"\"{name}\" must be a number");
    }
}

/// <summary>Splits a stream into lines without copying those that lie within the buffer.</summary>
internal sealed class LineReader(Stream stream)
{
    private const int BufferSize = 1 << 20;
    private byte[] buffer = new byte[BufferSize];
    private int start;
    private int end;
    private bool isAtEnd;

    public long Number { get; private set; }

    /// <returns>False at the end. The line is valid until the next call; empty lines and a byte order mark are passed over.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var rest = buffer.AsSpan(start, end - start);
            var newline = rest.IndexOf((byte)'\n');
            if (newline >= 0 || (isAtEnd && rest.Length > 0))
            {
                var length = newline >= 0 ? newline : rest.Length;
                start += newline >= 0 ? newline + 1 : rest.Length;
                Number++;
                line = Trim(rest[..length]);
                if (line.Length > 0)
                {
                    return true;
                }
            }
            else if (isAtEnd)
            {
                line = default;
                return false;
            }
            else
            {
                Fill();
            }
        }
    }

    private ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line) =>
        (Number == 1 && line.StartsWith("\uFEFF"u8) ? line[3..] : line).Trim(" \t\r"u8);

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        isAtEnd = read == 0;
    }
}
