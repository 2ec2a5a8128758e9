using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Who is to be told must be someone whom this operator can tell: a message that goes nowhere is worse than none.</summary>
internal static class ReceiverRules
{
    public static void Check(ApprovalSpec? approval, ValidationOptions options, ProblemList problems)
    {
        Check("spec.approval.consulted", approval?.Consulted, options, problems);
        Check("spec.approval.informed", approval?.Informed, options, problems);
        foreach (var (index, tier) in (approval?.Escalation).Numbered())
        {
            Check($"spec.approval.escalation[{index}].notify", tier.Notify, options, problems);
        }
    }

    private static void Check(string path, IReadOnlyList<string>? names, ValidationOptions options, ProblemList problems)
    {
        // The command line has no operator to ask.
        if (options.Receivers is not { } known)
        {
            return;
        }

        foreach (var (index, name) in names.Numbered())
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                problems.Invalid(
                    $"{path}[{index}]",
                    $"'{name}' is none of this operator's receivers ({(known.Count > 0 ? string.Join(", ", known.Order(StringComparer.Ordinal)) : "there are none")}); write one of them, or add it to the chart's value notifications.receivers");
            }
        }
    }
}
