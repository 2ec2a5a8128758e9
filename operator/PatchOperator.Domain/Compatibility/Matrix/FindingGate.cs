using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Resolver;

namespace PatchOperator.Domain.Compatibility.Matrix;

/// <summary>What a finding does to the start, by mode, <c>onUnknown</c> and waivers.</summary>
internal sealed class FindingGate(MatrixInputs inputs, DateTimeOffset now)
{
    private readonly HashSet<Waiver> used = [];

    // Of several for one module, the one that lasts longest.
    private readonly Dictionary<string, Waiver> waivers = inputs.Waivers
        .Where(waiver => waiver.ExpiresAt is not { } end || end > now)
        .GroupBy(waiver => waiver.Module, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(
            same => same.Key,
            same => same.OrderByDescending(waiver => waiver.ExpiresAt ?? DateTimeOffset.MaxValue).ThenBy(waiver => waiver.By, StringComparer.Ordinal).ThenBy(waiver => waiver.Reason, StringComparer.Ordinal).First(),
            StringComparer.OrdinalIgnoreCase);

    public (FindingEffect Effect, Waiver? Waiver) Judge(string module, FindingEffect wouldBe)
    {
        if (wouldBe == FindingEffect.None || inputs.Mode == CompatibilityMode.Off)
        {
            return (FindingEffect.None, null);
        }

        if (waivers.TryGetValue(module, out var waiver))
        {
            used.Add(waiver);
            return (FindingEffect.None, waiver);
        }

        return (inputs.Mode == CompatibilityMode.Warn ? FindingEffect.Warns : wouldBe, null);
    }

    /// <summary>A conflict has two sides; a waiver of either one takes it.</summary>
    public ConflictFinding Judge(DependencyConflict conflict, ModuleOwner? owner)
    {
        var (effect, waiver) = Judge(waivers.ContainsKey(conflict.Package) ? conflict.Package : conflict.Other, FindingEffect.Blocks);
        return new ConflictFinding(conflict, effect, owner, waiver);
    }

    public ChangeFinding Judge(InventoryChange change)
    {
        var (effect, waiver) = Judge(change.Name, FindingEffect.Blocks);
        return new ChangeFinding(change, effect, waiver);
    }

    public FindingEffect OfUnknown => inputs.OnUnknown switch
    {
        OnUnknownModule.Block => FindingEffect.Blocks,
        OnUnknownModule.Warn => FindingEffect.Warns,
        OnUnknownModule.Allow => FindingEffect.None,
    };

    /// <summary>Waivers that have run out or do nothing; somebody believes that they do.</summary>
    public IEnumerable<string> Notes() => inputs.Waivers
        .Where(waiver => !used.Contains(waiver) && !(waivers.TryGetValue(waiver.Module, out var better) && used.Contains(better)))
        .Select(waiver => waiver.ExpiresAt is { } end && end <= now
            ? $"the waiver of {waiver.Module} by {waiver.By} ended at {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"
            : $"the waiver of {waiver.Module} by {waiver.By} does nothing: there is no such finding")
        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
}
