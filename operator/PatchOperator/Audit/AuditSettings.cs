namespace PatchOperator.Audit;

/// <summary>Where the operator keeps what it signs audit trails with.</summary>
internal sealed record AuditSettings
{
    /// <summary>Holds the private key; null leaves trails unsigned.</summary>
    public string? Secret { get; init; }

    /// <summary>The operator's own.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Public keys, those of before a rotation too. Whoever verifies reads this one.</summary>
    public string KeysConfigMap => Secret + "-keys";

    /// <summary>How far each trail is known to go, out of the reach of whoever may write in the patch's namespace.</summary>
    public string HeadsConfigMap => Secret + "-heads";
}
