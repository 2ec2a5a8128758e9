using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Collects problems, and words the checks that many fields share.</summary>
internal sealed class ProblemList
{
    private readonly List<SpecProblem> problems = [];

    public IReadOnlyList<SpecProblem> ToList() => [.. problems];

    public void Invalid(string path, string message) => problems.Add(new SpecProblem(path, SpecProblemKind.Invalid, message));

    public void NotSupportedYet(string path, string message) => problems.Add(new SpecProblem(path, SpecProblemKind.NotSupportedYet, message));

    /// <summary>The name of a Kubernetes object; required.</summary>
    public void Name(string path, string? value, int longest)
    {
        if (Required(path, value, "write the name of the object"))
        {
            Length(path, value!, longest);
            if (!Shapes.Subdomain().IsMatch(value!))
            {
                Invalid(path, $"'{value}' cannot be the name of an object; write lower-case letters, digits, '-' and '.', with a letter or digit at both ends");
            }
        }
    }

    /// <summary>A name without dots, of at most 63 characters; required.</summary>
    public void Label(string path, string? value)
    {
        if (Required(path, value, "write a short name such as web"))
        {
            Length(path, value!, Shapes.LongestLabel);
            if (!Shapes.Label().IsMatch(value!))
            {
                Invalid(path, $"'{value}' cannot be a name here; write lower-case letters, digits and '-', with a letter or digit at both ends");
            }
        }
    }

    public bool Required(string path, string? value, string instead)
    {
        if (string.IsNullOrEmpty(value))
        {
            Invalid(path, $"is missing; {instead}");
            return false;
        }

        return true;
    }

    public void Length(string path, string value, int longest)
    {
        if (value.Length > longest)
        {
            Invalid(path, $"has {value.Length} characters; write at most {longest}");
        }
    }

    public void OneOf(string path, string? value, params IReadOnlyList<string> allowed)
    {
        if (value is not null && !allowed.Contains(value, StringComparer.Ordinal))
        {
            Invalid(path, $"'{value}' is not known; write {Words.Or(allowed)}");
        }
    }

    public void Time(string path, string? value)
    {
        if (value is not null && !Rfc3339.TryParse(value, out _))
        {
            Invalid(path, $"'{value}' is not a time; write it as in RFC 3339 with its offset, such as 2026-11-23T09:00:00Z");
        }
    }

    public void Duration(string path, Duration? value, TimeSpan? shortest = null, TimeSpan? longest = null)
    {
        if (value is not { } given)
        {
            return;
        }

        if (!given.TryGetValue(out var time))
        {
            Invalid(path, $"'{given}' is not a duration; write a number and a unit, such as 90s, 5m, 1h30m or 2d");
        }
        else if (time < shortest || time > longest)
        {
            var range = longest is null
                ? $"at least {Domain.Api.V1Alpha1.Duration.Format(shortest!.Value)}"
                : $"{Domain.Api.V1Alpha1.Duration.Format(shortest ?? TimeSpan.Zero)} to {Domain.Api.V1Alpha1.Duration.Format(longest.Value)}";
            Invalid(path, $"{given} is out of range; write {range}");
        }
    }

    /// <summary>Reports every item whose key an earlier one has.</summary>
    public void Unique<T>(string path, IReadOnlyList<T>? items, Func<T, string?> key, string member = "")
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < (items?.Count ?? 0); index++)
        {
            var value = items![index] is { } item ? key(item) : null;
            if (!string.IsNullOrEmpty(value) && !seen.TryAdd(value, index))
            {
                Invalid($"{path}[{index}]{member}", $"'{value}' is there already, at {path}[{seen[value]}]; write each only once");
            }
        }
    }

    public void AtMost<T>(string path, IReadOnlyCollection<T>? items, int most)
    {
        if (items?.Count > most)
        {
            Invalid(path, $"has {items.Count} items; write at most {most}");
        }
    }
}
