using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Notifications;

/// <summary>One notification of one patch, as every receiver gets it in its own words.</summary>
internal sealed record Message(string Namespace, string Patch, string Uid, string? Advisory, string? Phase, NotificationStatus Notification)
{
    public static Message Of(EmergencyPatch patch, NotificationStatus notification) =>
        new(patch.Metadata.Namespace ?? "", patch.Metadata.Name, patch.Metadata.Uid, patch.Spec.Advisory?.Id, patch.Status?.Phase, notification);

    public string Subject => $"{Namespace}/{Patch}";

    /// <summary>What one incident and its end have in common, and what a repetition shares with the first.</summary>
    public string DedupKey => Notification.Incident is { } incident ? $"{Uid}/{incident}" : Notification.Id;

    public string Summary => $"EmergencyPatch {Subject}{(Advisory is null ? "" : $" ({Advisory})")}: {Notification.Reason}";
}

/// <summary>Where to and with which credentials; never printed.</summary>
internal sealed record Access(Uri Url, string? Key)
{
    public override string ToString() => nameof(Access);
}
