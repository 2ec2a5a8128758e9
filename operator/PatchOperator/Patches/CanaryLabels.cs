namespace PatchOperator.Patches;

/// <summary>
/// Which labels a canary's pods carry. They keep stable's, so that Services, network policies and meshes take them for the application's, with one
/// exception: a label of the Deployment's own selector that no Service asks for gets another value. By that selector an HPA or a disruption budget
/// counts stable's pods, and the canary's must not be among them. Where every such label is also a Service's, there is none to spare.
/// </summary>
internal static class CanaryLabels
{
    private const string Suffix = "-canary";
    private const int Longest = 63;

    /// <returns>The label to change and its value, or null.</returns>
    public static (string Key, string Value)? Apart(
        IReadOnlyDictionary<string, string> template,
        IReadOnlyDictionary<string, string> deploymentSelector,
        IEnumerable<IReadOnlyDictionary<string, string>> serviceSelectors)
    {
        var asked = serviceSelectors.Where(s => s.Count > 0 && s.All(l => template.GetValueOrDefault(l.Key) == l.Value)).SelectMany(s => s.Keys).ToHashSet(StringComparer.Ordinal);
        return deploymentSelector.Where(l => !asked.Contains(l.Key)).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => ((string, string)?)(l.Key, Other(l.Value))).FirstOrDefault();
    }

    private static string Other(string value) =>
        value.Length == 0 ? "canary" : value[..Math.Min(value.Length, Longest - Suffix.Length)].TrimEnd('-', '_', '.') + Suffix;
}
