namespace PatchOperator.Domain.Rollout.Gates;

internal static class SuspendGate
{
    public static Hold? Check(Draft draft) =>
        draft.Intent.Suspended ? new Hold("Suspended", "spec.suspend is true; nothing was touched. Set it to false to start.") : null;
}
