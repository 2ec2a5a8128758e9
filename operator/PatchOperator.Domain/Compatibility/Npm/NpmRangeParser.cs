namespace PatchOperator.Domain.Compatibility.Npm;

/// <summary>Reads one alternative of a range: bounds that must all hold. No bounds stand for every release.</summary>
internal static class NpmRangeParser
{
    /// <param name="alternative">Without blanks around it.</param>
    /// <param name="refused">The part that npm does not take.</param>
    public static IReadOnlyList<NpmBound>? Parse(string alternative, out string refused)
    {
        refused = alternative;
        if (Hyphen(alternative) is { } range)
        {
            return range;
        }

        var bounds = new List<NpmBound>();
        var scanner = new NpmScanner(alternative);
        while (!scanner.IsAtEnd)
        {
            refused = scanner.Word();
            if (Part(scanner) is not { } part || !(scanner.SkipBlanks() || scanner.IsAtEnd))
            {
                return null;
            }

            bounds.AddRange(part);
        }

        return bounds;
    }

    // "1.2 - 2.3": an incomplete upper end stands for all versions that begin with it.
    private static NpmBound[]? Hyphen(string alternative)
    {
        var scanner = new NpmScanner(alternative);
        if (scanner.ReadDecorated() is not { } from || !scanner.SkipBlanks() || !scanner.Skip('-') || !scanner.SkipBlanks())
        {
            return null;
        }

        if (scanner.ReadDecorated() is not { } to || !scanner.IsAtEnd)
        {
            return null;
        }

        return [.. Lower(from), .. Upper(to)];
    }

    private static IEnumerable<NpmBound> Lower(NpmPartial from) => from switch
    {
        { Major: null } => [],
        { IsWhole: true } => [new NpmBound(NpmComparison.GreaterOrEqual, from.ToVersion(""))],
        _ => [NpmBound.From(Floor(from))],
    };

    private static IEnumerable<NpmBound> Upper(NpmPartial to) => to switch
    {
        { Major: null } => [],
        { IsWhole: true } => [new NpmBound(NpmComparison.LessOrEqual, to.ToVersion(""))],
        _ => [NpmBound.Below(Next(to))],
    };

    private static NpmBound[]? Part(NpmScanner scanner)
    {
        if (scanner.Skip('^'))
        {
            scanner.SkipBlanks();
            return scanner.ReadDecorated(isReplaced: true) is { } caret ? Caret(caret) : null;
        }

        if (scanner.Skip('~'))
        {
            scanner.Skip('>');
            scanner.SkipBlanks();
            return scanner.ReadDecorated(isReplaced: true) is { } tilde ? Tilde(tilde) : null;
        }

        var sign = scanner.Skip('<') ? '<' : scanner.Skip('>') ? '>' : ' ';
        var orEqual = scanner.Skip('=');
        scanner.SkipBlanks();
        return scanner.ReadDecorated() is { IsBroken: false } operand ? Compared(sign, orEqual, operand) : null;
    }

    // What stands left of the first number that is not zero may not change.
    private static NpmBound[] Caret(NpmPartial from) => from switch
    {
        { Major: null } => [],
        { Major: > 0 } or { Minor: null } => Range(from, new NpmNumbers(from.Major.Value + 1, 0, 0)),
        { Minor: > 0 } or { Patch: null } => Range(from, new NpmNumbers(0, from.Minor.Value + 1, 0)),
        _ => Range(from, new NpmNumbers(0, 0, from.Patch.Value + 1)),
    };

    // The last number may rise, or the one before it if all three are there.
    private static NpmBound[] Tilde(NpmPartial from) => from switch
    {
        { Major: null } => [],
        { Minor: null } => Range(from, new NpmNumbers(from.Major.Value + 1, 0, 0)),
        _ => Range(from, new NpmNumbers(from.Major.Value, from.Minor.Value + 1, 0)),
    };

    private static NpmBound[] Range(NpmPartial from, NpmNumbers below) => [.. Lower(from), NpmBound.Below(below)];

    private static NpmBound[] Compared(char sign, bool orEqual, NpmPartial operand)
    {
        if (operand.Major is null)
        {
            // Nothing is above everything.
            return sign != ' ' && !orEqual ? [NpmBound.Nothing] : [];
        }

        if (operand.Minor is not null && operand.Patch is not null)
        {
            var comparison = (sign, orEqual) switch
            {
                ('<', false) => NpmComparison.Less,
                ('<', true) => NpmComparison.LessOrEqual,
                ('>', false) => NpmComparison.Greater,
                ('>', true) => NpmComparison.GreaterOrEqual,
                _ => NpmComparison.Equal,
            };
            return [new NpmBound(comparison, operand.ToVersion(""))];
        }

        // An incomplete version is all versions that begin with it, and below or above means all of those.
        return (sign, orEqual) switch
        {
            ('<', false) => [NpmBound.Below(Floor(operand))],
            ('<', true) => [NpmBound.Below(Next(operand))],
            ('>', false) => [NpmBound.From(Next(operand))],
            ('>', true) => [NpmBound.From(Floor(operand))],
            _ => Range(operand, Next(operand)),
        };
    }

    // A number behind a wildcard counts for nothing: "^1.x.3" is "^1".
    private static NpmNumbers Floor(NpmPartial partial) => new(partial.Major!.Value, partial.Minor ?? 0, partial.Minor is null ? 0 : partial.Patch ?? 0);

    private static NpmNumbers Next(NpmPartial partial) =>
        partial.Minor is { } minor ? new NpmNumbers(partial.Major!.Value, minor + 1, 0) : new NpmNumbers(partial.Major!.Value + 1, 0, 0);
}
