using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Approvals;

/// <summary>Who is who: whether two names are one person's, and whether a list in the spec names somebody.</summary>
public static class Persons
{
    private const string ServiceAccountPrefix = "system:serviceaccount:";

    /// <summary>One account, by its uid where both have one, or by a name that looks the same.</summary>
    public static bool AreOne(string name, string? uid, string otherName, string? otherUid) =>
        (!string.IsNullOrEmpty(uid) && uid == otherUid) || PlainText.Look(name) == PlainText.Look(otherName);

    /// <summary>
    /// The first item of each person. Accounts are linked through each other: where a is one with b and b with c, all three are one person, who might
    /// else count twice once b is left out.
    /// </summary>
    public static IReadOnlyList<T> Distinct<T>(IReadOnlyList<T> items, Func<T, (string Name, string? Uid)> account)
    {
        var people = new List<List<T>>();
        foreach (var item in items)
        {
            var (name, uid) = account(item);
            var same = people.Where(person => person.Any(other => account(other) is var (n, u) && AreOne(name, uid, n, u))).ToArray();
            people.RemoveAll(same.Contains);
            people.Add([.. same.SelectMany(person => person), item]);
        }

        return [.. people.Select(person => person[0])];
    }

    /// <summary>
    /// Whether free text such as <c>dana@example.com</c>, <c>user:dana</c> or <c>group:payments</c> means this person. An identity provider may put
    /// something before the name (<c>oidc:dana@example.com</c>), and a mail address may stand for the name before its at sign: in doubt it is the same person.
    /// </summary>
    public static bool IsMeant(string text, string name, IReadOnlyList<string> groups)
    {
        var given = text.Trim();
        if (given.StartsWith("group:", StringComparison.Ordinal))
        {
            return groups.Contains(given["group:".Length..], StringComparer.Ordinal);
        }

        if (given.StartsWith("serviceaccount:", StringComparison.Ordinal))
        {
            return IsServiceAccount(given["serviceaccount:".Length..], name);
        }

        var (one, other) = (Bare(given.StartsWith("user:", StringComparison.Ordinal) ? given["user:".Length..] : given), Bare(name));
        return one.Length > 0 && (one == other || (one.Contains('@') != other.Contains('@') && one.Split('@')[0] == other.Split('@')[0]));
    }

    /// <summary>The first entry of the list that names this person, by exactly the name or group that was authenticated.</summary>
    public static string? EntryFor(IReadOnlyList<string>? list, string name, IReadOnlyList<string> groups) => (list ?? []).FirstOrDefault(entry =>
        entry.StartsWith("user:", StringComparison.Ordinal) ? entry["user:".Length..] == name
        : entry.StartsWith("group:", StringComparison.Ordinal) ? groups.Contains(entry["group:".Length..], StringComparer.Ordinal)
        : entry.StartsWith("serviceaccount:", StringComparison.Ordinal) && IsServiceAccount(entry["serviceaccount:".Length..], name));

    /// <summary>Groups in the order of interest: those that some list names first, at most <paramref name="most"/>.</summary>
    public static (IReadOnlyList<string> Kept, int Omitted) Relevant(IReadOnlyList<string> groups, EmergencyPatchSpec spec, int most)
    {
        var named = (spec.Approval?.Accountable ?? []).Concat(spec.Approval?.Responsible ?? []).Append(spec.Change?.RequestedBy ?? "").ToHashSet(StringComparer.Ordinal);
        var kept = groups.OrderBy(g => named.Contains("group:" + g) ? 0 : 1).ThenBy(g => g, StringComparer.Ordinal).Take(most).ToArray();
        return (kept, groups.Count - kept.Length);
    }

    private static bool IsServiceAccount(string account, string name) => name == ServiceAccountPrefix + account.Replace('/', ':');

    /// <summary>Without what an identity provider put before it.</summary>
    private static string Bare(string name)
    {
        var look = PlainText.Look(name.Trim());
        if (look.StartsWith("system:", StringComparison.Ordinal))
        {
            return look;
        }

        var last = look.LastIndexOfAny(['#', ':', '/', '\\']);
        return last >= 0 && last < look.Length - 1 ? look[(last + 1)..] : look;
    }
}
