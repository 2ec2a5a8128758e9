using System.Buffers;
using System.Globalization;
using System.Text;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Metrics;

/// <summary>The sum over the series that one selector matched.</summary>
/// <param name="Value">Sum of the samples; NaN or infinite if one of them is.</param>
/// <param name="Series">How many series matched; with none, <paramref name="Value"/> is 0 and means nothing.</param>
public readonly record struct SeriesSum(double Value, int Series);

/// <summary>
/// Sums series straight from the bytes of a Prometheus text exposition (format 0.0.4; OpenMetrics' timestamps and exemplars are passed over).
/// Labels are looked at only in lines whose metric name was asked for, and nothing is allocated per line.
/// </summary>
/// <remarks>Format: https://prometheus.io/docs/instrumenting/exposition_formats/.</remarks>
public static class PrometheusText
{
    private static readonly SearchValues<byte> EndOfName = SearchValues.Create("{ \t"u8);

    /// <summary>Fills one sum for each selector. Returns the number of samples in the text, matched or not; 0 means that this is no exposition.</summary>
    public static int Sum(ReadOnlySpan<byte> text, ReadOnlySpan<SeriesSelector> selectors, Span<SeriesSum> sums)
    {
        sums.Clear();
        var samples = 0;
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var line = Trim(end < 0 ? text : text[..end]);
            text = end < 0 ? default : text[(end + 1)..];
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            var nameLength = line.IndexOfAny(EndOfName);
            if (nameLength <= 0 || !TrySplit(line[nameLength..], out var labels, out var value))
            {
                continue;
            }

            samples++;
            for (var i = 0; i < selectors.Length; i++)
            {
                if (line[..nameLength].SequenceEqual(selectors[i].NameUtf8.Span) && Matches(labels, selectors[i].Matchers))
                {
                    sums[i] = new SeriesSum(sums[i].Value + value, sums[i].Series + 1);
                }
            }
        }

        return samples;
    }

    // rest: {a="b",c="d\"}"} 12.5 1700000000000 # {trace_id="x"} 1
    private static bool TrySplit(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> labels, out double value)
    {
        labels = default;
        value = 0;
        if (rest[0] == '{')
        {
            var close = EndOfLabels(rest);
            if (close < 0)
            {
                return false;
            }

            labels = rest[1..close];
            rest = rest[(close + 1)..];
        }

        rest = Trim(rest);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        return TryNumber(end < 0 ? rest : rest[..end], out value);
    }

    private static int EndOfLabels(ReadOnlySpan<byte> rest)
    {
        var quoted = false;
        for (var i = 1; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case (byte)'\\' when quoted:
                    i++;
                    break;
                case (byte)'"':
                    quoted = !quoted;
                    break;
                case (byte)'}' when !quoted:
                    return i;
            }
        }

        return -1;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out double value)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            return true;
        }

        value = text.SequenceEqual("-Inf"u8) ? double.NegativeInfinity : double.PositiveInfinity;
        return text.SequenceEqual("+Inf"u8) || text.SequenceEqual("Inf"u8) || text.SequenceEqual("-Inf"u8);
    }

    private static bool Matches(ReadOnlySpan<byte> labels, IReadOnlyList<LabelMatcher> matchers)
    {
        Span<char> stack = stackalloc char[256];
        for (var i = 0; i < matchers.Count; i++)
        {
            var matcher = matchers[i];
            var raw = Find(labels, matcher.LabelUtf8.Span);

            // A value has at most as many characters as bytes.
            var buffer = raw.Length <= stack.Length ? stack : new char[raw.Length];
            if (!matcher.Accepts(buffer[..Unescape(raw, buffer)]))
            {
                return false;
            }
        }

        return true;
    }

    // The raw bytes between the quotes; empty if there is no such label, which is what Prometheus takes a missing label for.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> wanted)
    {
        while (!labels.IsEmpty)
        {
            var equals = labels.IndexOf((byte)'=');
            var open = equals < 0 ? -1 : labels[equals..].IndexOf((byte)'"');
            if (open < 0)
            {
                return default;
            }

            var name = Trim(labels[..equals].TrimStart(", \t"u8));
            var rest = labels[(equals + open + 1)..];
            var close = 0;
            while (close < rest.Length && rest[close] != '"')
            {
                close += rest[close] == '\\' ? 2 : 1;
            }

            if (close >= rest.Length)
            {
                return default;
            }

            if (name.SequenceEqual(wanted))
            {
                return rest[..close];
            }

            labels = rest[(close + 1)..];
        }

        return default;
    }

    private static int Unescape(ReadOnlySpan<byte> raw, Span<char> into)
    {
        var length = Encoding.UTF8.GetChars(raw, into);
        if (into[..length].IndexOf('\\') < 0)
        {
            return length;
        }

        var written = 0;
        for (var i = 0; i < length; i++)
        {
            var character = into[i];
            if (character == '\\' && i + 1 < length)
            {
                character = into[++i] == 'n' ? '\n' : into[i];
            }

            into[written++] = character;
        }

        return written;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r"u8);
}
