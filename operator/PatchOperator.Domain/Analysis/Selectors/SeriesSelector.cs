using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Analysis;

/// <summary>
/// Selects series by name and labels, as PromQL's instant-vector selectors do: <c>http_requests_total{status=~"5..",path!~"/health.*"}</c>.
/// Patterns match the whole value and run in linear time; a label that a series lacks counts as empty.
/// </summary>
public sealed class SeriesSelector
{
    internal SeriesSelector(string name, IReadOnlyList<LabelMatcher> matchers)
    {
        Name = name;
        NameUtf8 = Encoding.UTF8.GetBytes(name);
        Matchers = matchers;
    }

    public string Name { get; }

    /// <summary>The name as it stands in an exposition.</summary>
    public ReadOnlyMemory<byte> NameUtf8 { get; }

    public IReadOnlyList<LabelMatcher> Matchers { get; }

    /// <summary>Parses a selector; on failure <paramref name="error"/> says where it stopped and what is allowed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SeriesSelector? selector, [NotNullWhen(false)] out string? error) =>
        new SeriesSelectorParser(text).TryParse(out selector, out error);
}

/// <summary>One condition on one label.</summary>
public sealed class LabelMatcher
{
    // The values of a label are few and come again with every series and every tick; a path with an identifier in it is the exception.
    private const int MostRemembered = 1024;

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly string _value;
    private readonly Regex? _pattern;
    private readonly bool _negated;
    private int _remembered;

    /// <exception cref="ArgumentException">The pattern is no regular expression.</exception>
    /// <exception cref="NotSupportedException">The pattern needs backtracking (look-around, back references), which RE2 lacks as well.</exception>
    public LabelMatcher(string label, string operation, string value)
    {
        LabelUtf8 = Encoding.UTF8.GetBytes(label);
        _value = value;
        _negated = operation[0] == '!';
        if (operation[^1] == '~')
        {
            // "." matches line ends too, as in Prometheus; \z because $ would allow one more line end.
            _pattern = new Regex(@"\A(?:" + value + @")\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
        }
    }

    /// <summary>The label's name as it stands in an exposition.</summary>
    public ReadOnlyMemory<byte> LabelUtf8 { get; }

    /// <summary>Whether a series with this value of the label is selected; a missing label is empty.</summary>
    public bool Accepts(ReadOnlySpan<char> value) => (_pattern is null ? value.SequenceEqual(_value) : Fits(_pattern, value)) != _negated;

    private bool Fits(Regex pattern, ReadOnlySpan<char> value)
    {
        var known = _known.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(value, out var fits))
        {
            return fits;
        }

        fits = pattern.IsMatch(value);
        if (Volatile.Read(ref _remembered) < MostRemembered && known.TryAdd(value, fits))
        {
            Interlocked.Increment(ref _remembered);
        }

        return fits;
    }
}
