using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Patches;

internal static class CommandAnnotations
{
    private static readonly Dictionary<string, string> None = [];

    public static IReadOnlyDictionary<string, string> Of(EmergencyPatch patch)
    {
        if (patch.Metadata.Annotations is not { Count: > 0 } annotations)
        {
            return None;
        }

        return Commands.All
            .Where(name => annotations.ContainsKey(Annotations.CommandPrefix + name))
            .ToDictionary(name => name, name => annotations[Annotations.CommandPrefix + name], StringComparer.Ordinal);
    }

    public static IReadOnlyDictionary<string, string> Facts(EmergencyPatch patch) => patch.Metadata.Annotations is { Count: > 0 } annotations && annotations.Keys.Any(Annotations.IsFact)
        ? annotations.Where(a => Annotations.IsFact(a.Key)).ToDictionary(StringComparer.Ordinal)
        : None;
}
