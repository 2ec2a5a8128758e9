namespace PatchOperator.Tests.E2E.Infrastructure;

/// <summary>Somebody with an account: what the API server authenticates, here by impersonation.</summary>
internal sealed record Person(string Name, params string[] Groups)
{
    /// <summary>The RoleBindings of a besieged shop are for these groups.</summary>
    public const string Edits = "e2e:edits", Approves = "e2e:approves", BreaksGlass = "e2e:breaks-glass", WritesStatus = "e2e:writes-status";

    public IEnumerable<string> Flags => ["--as", Name, .. Groups.Append("system:authenticated").SelectMany(g => (string[])["--as-group", g])];

    public Person With(params string[] groups) => new(Name, [.. Groups, .. groups]);
}

/// <summary>What kubectl said.</summary>
internal sealed record Reply(bool IsOk, string Text)
{
    public Reply Ok()
    {
        Xunit.Assert.True(IsOk, Text);
        return this;
    }

    /// <param name="because">Part of the refusal.</param>
    public Reply Refused(string because)
    {
        Xunit.Assert.False(IsOk, $"was not refused: {Text}");
        Xunit.Assert.Contains(because, Text, StringComparison.Ordinal);
        return this;
    }
}
