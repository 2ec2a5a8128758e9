namespace PatchOperator.Domain.Notifications;

/// <summary>Whom the operator can tell, as its administrator configured it.</summary>
public sealed record NotificationPolicy
{
    /// <summary>Names of the receivers that specs may use.</summary>
    public IReadOnlyList<string> Receivers { get; init; } = [];

    /// <summary>Receivers that hear of every warning, of any patch.</summary>
    public IReadOnlyList<string> Always { get; init; } = [];
}

/// <summary>How one notification to one receiver ended.</summary>
/// <param name="Id">Of the notification.</param>
/// <param name="Receiver">Whom it was for.</param>
/// <param name="Problem">Why it was given up; null where it arrived.</param>
public sealed record DeliveryOutcome(string Id, string Receiver, string? Problem);
