using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace PatchOperator.Domain.Analysis;

/// <summary>Reads one selector from left to right; stops at the first character that does not belong.</summary>
internal sealed class SeriesSelectorParser(string text)
{
    private const string Allowed = "Allowed is a metric name and label conditions with =, !=, =~ or !~, such as http_requests_total{status=~\"5..\",path!~\"/health.*\"}.";

    private int _position;

    public bool TryParse([NotNullWhen(true)] out SeriesSelector? selector, [NotNullWhen(false)] out string? error)
    {
        selector = null;
        var matchers = new List<LabelMatcher>();
        SkipSpace();
        var name = Word(colons: true);
        if (name.Length == 0)
        {
            return Fail("a metric name is expected", out error);
        }

        SkipSpace();
        if (Take('{'))
        {
            SkipSpace();
            while (!Take('}'))
            {
                if (!TryMatcher(matchers, out error))
                {
                    return false;
                }

                SkipSpace();
                if (!Take(',') && Peek() != '}')
                {
                    return Fail("',' or '}' is expected", out error);
                }

                SkipSpace();
            }

            SkipSpace();
        }

        if (_position < text.Length)
        {
            return Fail("nothing may follow the selector, neither functions nor ranges", out error);
        }

        selector = new SeriesSelector(name, [.. matchers]);
        error = null;
        return true;
    }

    private bool TryMatcher(List<LabelMatcher> matchers, [NotNullWhen(false)] out string? error)
    {
        var label = Word(colons: false);
        if (label.Length == 0)
        {
            return Fail("a label name is expected", out error);
        }

        SkipSpace();
        var operation = Operation();
        if (operation.Length == 0)
        {
            return Fail("=, !=, =~ or !~ is expected", out error);
        }

        SkipSpace();
        if (!TryString(out var value))
        {
            return Fail("a closed string in quotes is expected", out error);
        }

        try
        {
            matchers.Add(new LabelMatcher(label, operation, value));
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return Fail($"the pattern '{value}' is not an RE2 regular expression ({exception.Message})", out error);
        }
    }

    private string Operation()
    {
        foreach (var operation in (ReadOnlySpan<string>)["=~", "!~", "!=", "="])
        {
            if (string.CompareOrdinal(text, _position, operation, 0, operation.Length) == 0)
            {
                _position += operation.Length;
                return operation;
            }
        }

        return "";
    }

    private bool TryString(out string value)
    {
        value = "";
        var quote = Peek();
        if (quote is not ('"' or '\'' or '`'))
        {
            return false;
        }

        var builder = new StringBuilder();
        for (_position++; _position < text.Length; _position++)
        {
            var character = text[_position];
            if (character == quote)
            {
                _position++;
                value = builder.ToString();
                return true;
            }

            if (character == '\\' && quote != '`' && _position + 1 < text.Length)
            {
                character = text[++_position] switch { 'n' => '\n', 't' => '\t', var other => other };
            }

            builder.Append(character);
        }

        return false;
    }

    private string Word(bool colons)
    {
        var start = _position;
        while (_position < text.Length && (char.IsAsciiLetter(text[_position]) || text[_position] == '_' || (colons && text[_position] == ':') || (_position > start && char.IsAsciiDigit(text[_position]))))
        {
            _position++;
        }

        return text[start.._position];
    }

    private void SkipSpace()
    {
        while (_position < text.Length && char.IsWhiteSpace(text[_position]))
        {
            _position++;
        }
    }

    private char Peek() => _position < text.Length ? text[_position] : '\0';

    private bool Take(char expected)
    {
        if (Peek() != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private bool Fail(string problem, [NotNull] out string? error)
    {
        error = $"The selector '{text}' stops making sense at character {_position + 1}: {problem}. {Allowed}";
        return false;
    }
}
