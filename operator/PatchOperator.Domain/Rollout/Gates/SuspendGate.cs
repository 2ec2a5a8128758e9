namespace PatchOperator.Domain.Rollout.Gates;

internal static class SuspendGate
{
    public static Hold? Check(Draft draft) => Suspension.Of(draft) is { } why ? new Hold("Suspended", $"Nothing was touched: {why}") : null;
}
