namespace PatchOperator.Domain.Compatibility.Npm;

/// <summary>A version of which numbers may be missing or be an <c>x</c>.</summary>
internal sealed record NpmPartial(long? Major, long? Minor, long? Patch, IReadOnlyList<string> PreRelease)
{
    /// <summary>Has three numbers.</summary>
    public bool IsWhole => Major is not null && Minor is not null && Patch is not null;

    /// <summary>Has a number behind a wildcard.</summary>
    public bool IsBroken => (Major is null && Minor is not null) || (Minor is null && Patch is not null);

    public NpmVersion ToVersion(string text) => new(text, new NpmNumbers(Major!.Value, Minor!.Value, Patch!.Value), PreRelease);
}

/// <summary>Walks through one alternative of a range.</summary>
internal sealed class NpmScanner(string text)
{
    // What JavaScript counts exactly.
    private const long Largest = 9_007_199_254_740_991;

    private int _position;

    public bool IsAtEnd => _position == text.Length;

    public bool IsAtBlank => _position < text.Length && char.IsWhiteSpace(text[_position]);

    public bool Skip(char character)
    {
        if (_position < text.Length && text[_position] == character)
        {
            _position++;
            return true;
        }

        return false;
    }

    public bool SkipBlanks()
    {
        var start = _position;
        while (IsAtBlank)
        {
            _position++;
        }

        return _position > start;
    }

    /// <summary>Skips letters v and equals signs, which mean nothing here. Before three numbers npm takes one v and no more.</summary>
    public NpmPartial? ReadDecorated(bool isReplaced = false)
    {
        var start = _position;
        while (Skip('v') || Skip('=') || (isReplaced && SkipBlanks()))
        {
        }

        var isPlain = _position == start || (_position == start + 1 && text[start] == 'v');
        return ReadPartial() is { } partial && (isPlain || isReplaced || !partial.IsWhole) ? partial : null;
    }

    /// <summary>From here to the next blank.</summary>
    public string Word()
    {
        var end = _position;
        while (end < text.Length && !char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return text[_position..end];
    }

    /// <summary>One to three numbers or wildcards; a pre-release and build metadata only behind three. Null where there is no such thing.</summary>
    public NpmPartial? ReadPartial()
    {
        var numbers = new long?[3];
        var count = 0;
        do
        {
            if (!ReadNumber(out numbers[count]))
            {
                return null;
            }

            count++;
        }
        while (count < 3 && Skip('.'));

        IReadOnlyList<string> preRelease = [];
        if (count == 3 && Skip('-'))
        {
            if (ReadParts(isPreRelease: true) is not { } parts)
            {
                return null;
            }

            preRelease = parts;
        }

        return Skip('+') && ReadParts(isPreRelease: false) is null ? null : new NpmPartial(numbers[0], numbers[1], numbers[2], preRelease);
    }

    private bool ReadNumber(out long? number)
    {
        number = null;
        if (Skip('x') || Skip('X') || Skip('*'))
        {
            return true;
        }

        var start = _position;
        while (_position < text.Length && char.IsAsciiDigit(text[_position]))
        {
            _position++;
        }

        if (!IsNumber(text.AsSpan(start, _position - start)) || !long.TryParse(text.AsSpan(start, _position - start), out var value) || value > Largest)
        {
            return false;
        }

        number = value;
        return true;
    }

    private List<string>? ReadParts(bool isPreRelease)
    {
        var parts = new List<string>();
        do
        {
            var start = _position;
            while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] == '-'))
            {
                _position++;
            }

            var part = text[start.._position];
            if (part.Length == 0 || (isPreRelease && part.All(char.IsAsciiDigit) && !IsNumber(part)))
            {
                return null;
            }

            parts.Add(part);
        }
        while (Skip('.'));
        return parts;
    }

    private static bool IsNumber(ReadOnlySpan<char> digits) => digits.Length == 1 || (digits.Length > 1 && digits[0] != '0');
}
