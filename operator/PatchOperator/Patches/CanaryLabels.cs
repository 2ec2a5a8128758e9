namespace PatchOperator.Patches;

/// <summary>
/// Which labels a canary's pods carry. They keep stable's, so that network policies and meshes take them for the application's, with exceptions.
/// Where the number of pods splits the traffic, Services must take them for stable's, too; then one label of the Deployment's own selector that no
/// Service asks for gets another value, since by that selector an HPA or a disruption budget counts stable's pods. Where every such label is also a
/// Service's, there is none to spare. Where routes split the traffic, one label of each Service's selector and of the Deployment's gets another value.
/// </summary>
internal static class CanaryLabels
{
    private const string Suffix = "-canary";
    private const int Longest = 63;

    /// <returns>The labels to change with their values.</returns>
    public static IReadOnlyDictionary<string, string> Apart(
        IReadOnlyDictionary<string, string> template,
        IReadOnlyDictionary<string, string> deploymentSelector,
        IEnumerable<IReadOnlyDictionary<string, string>> serviceSelectors,
        bool isRouted)
    {
        var selecting = serviceSelectors.Where(s => s.Count > 0 && s.All(l => template.GetValueOrDefault(l.Key) == l.Value)).ToArray();
        var apart = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (!isRouted)
        {
            var asked = selecting.SelectMany(s => s.Keys).ToHashSet(StringComparer.Ordinal);
            Change(apart, deploymentSelector.Where(l => !asked.Contains(l.Key)));
            return apart;
        }

        foreach (var selector in selecting.Where(s => !s.Keys.Any(apart.ContainsKey)))
        {
            // A label of both serves twice.
            Change(apart, selector.OrderByDescending(l => deploymentSelector.ContainsKey(l.Key)));
        }

        if (!deploymentSelector.Keys.Any(apart.ContainsKey))
        {
            Change(apart, deploymentSelector);
        }

        return apart;
    }

    /// <summary>The first in alphabetical order, where the order given does not prefer another.</summary>
    private static void Change(SortedDictionary<string, string> apart, IEnumerable<KeyValuePair<string, string>> candidates)
    {
        var ordered = candidates is IOrderedEnumerable<KeyValuePair<string, string>> preferred
            ? preferred.ThenBy(l => l.Key, StringComparer.Ordinal)
            : candidates.OrderBy(l => l.Key, StringComparer.Ordinal);
        foreach (var (key, value) in ordered.Take(1))
        {
            apart[key] = Other(value);
        }
    }

    /// <summary>The value that a label gets instead.</summary>
    public static string Other(string value) =>
        value.Length == 0 ? "canary" : value[..Math.Min(value.Length, Longest - Suffix.Length)].TrimEnd('-', '_', '.') + Suffix;
}
