namespace PatchOperator.Domain.Validation;

internal static class Words
{
    /// <summary><c>a, b or c</c>.</summary>
    public static string Or(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : string.Join(", ", words.Take(words.Count - 1)) + " or " + words[^1];

    /// <summary>The items with their index. What JSON calls null is taken for an empty item: its missing members are then reported.</summary>
    public static IEnumerable<(int Index, T Item)> Numbered<T>(this IReadOnlyList<T>? items)
        where T : class, new()
    {
        for (var index = 0; index < (items?.Count ?? 0); index++)
        {
            yield return (index, items![index] ?? new T());
        }
    }

    public static IEnumerable<(int Index, string Item)> Numbered(this IReadOnlyList<string>? items)
    {
        for (var index = 0; index < (items?.Count ?? 0); index++)
        {
            yield return (index, items![index] ?? "");
        }
    }
}
