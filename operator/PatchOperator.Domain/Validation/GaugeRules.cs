using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>One number and its limits.</summary>
internal static class GaugeRules
{
    public static void Check(string path, MetricSpec metric, GaugeSpec gauge, ProblemList problems)
    {
        if (metric is not { MaxRate: null, CompareWith: null, WorthCatching: null, Preset: null, Failures: null, Total: null, Latency: null, Probe: null, FailureClass: null, Surfaces: null })
        {
            problems.Invalid(path, "is judged by its own limits alone; leave out maxRate, compareWith, worthCatching, preset, failures, total, latency, probe, failureClass and surfaces, or leave out gauge");
        }

        CheckNumber($"{path}.max", gauge.Max, problems);
        CheckNumber($"{path}.min", gauge.Min, problems);
        if (Decimals.Read(gauge.Min) >= Decimals.Read(gauge.Max))
        {
            problems.Invalid($"{path}.min", $"{gauge.Min} is not below max {gauge.Max}; no value could pass");
        }

        if (gauge.Tolerance is { } tolerance && !Percent.TryParse(tolerance, out _))
        {
            problems.Invalid($"{path}.tolerance", $"'{tolerance}' is not a share of stable's value; write a percentage up to 100%, such as \"20%\"");
        }

        problems.OneOf($"{path}.worse", gauge.Worse, "Higher", "Lower");
        if (gauge is { Worse: not null, Tolerance: null })
        {
            problems.Invalid($"{path}.worse", "is the bad side of a tolerance, and there is none; write tolerance, or leave it out");
        }

        if (gauge is { Max: null, Min: null, Tolerance: null })
        {
            problems.Invalid(path, "cannot fail and so proves nothing; write max, min or tolerance");
        }

        if (gauge.InARow is not (null or >= 1 and <= 100))
        {
            problems.Invalid($"{path}.inARow", $"{gauge.InARow} is out of range; write 1 to 100");
        }
    }

    private static void CheckNumber(string path, string? text, ProblemList problems)
    {
        if (text is not null && Decimals.Read(text) is null)
        {
            problems.Invalid(path, $"'{text}' is not a number; write a decimal one in quotes, such as \"0.8\"");
        }
    }
}
