namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>The part of a constraint that could not be read, and the alternative it stands in.</summary>
internal sealed record ConstraintProblem(string Part, string Alternative)
{
    public string Explain(string constraint)
    {
        if (string.IsNullOrWhiteSpace(constraint))
        {
            return "The constraint is empty: write '*' for any version, or one such as '>=2.4.7-p3 <2.5'.";
        }

        if (Alternative.Length == 0)
        {
            return $"The constraint '{constraint}' has nothing on one side of a '|': write a version there, or take the '|' out.";
        }

        var named = Part == constraint ? $"'{constraint}' is not a constraint" : $"'{Part}' in the constraint '{constraint}' is not one";
        return $"{named} that Composer takes: {Hint()}.";
    }

    private string Hint() => Part switch
    {
        ['~', '>', ..] => "'~>' is not an operator, write '~'",
        _ when Part.Contains('*', StringComparison.Ordinal) || Part.Contains('x', StringComparison.OrdinalIgnoreCase) =>
            "a wildcard may only end plain numbers, as in '2.4.*', without operator or suffix",
        ['^' or '~', ..] => "behind '^' and '~' stand up to four numbers and perhaps a suffix, as in '^2.4.7-p3'",
        _ => "write comparisons (>=2.4.7-p3 <2.5), ranges (^2.4, ~2.4.7, 2.4.*, 1.0 - 2.0) or branches (dev-main), with '||' between alternatives",
    };
}
