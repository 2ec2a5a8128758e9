using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Notifications;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Rollout;

/// <summary>What the operator's administrator decides for all patches.</summary>
public sealed record OperatorPolicy
{
    public ValidationOptions Validation { get; init; } = new();

    /// <summary>Whom the operator can tell.</summary>
    public NotificationPolicy Notifications { get; init; } = new();

    /// <summary>Time from disclosure to remediation by severity, where the advisory gives no date.</summary>
    public IReadOnlyDictionary<string, TimeSpan> DeadlineBySeverity { get; init; } = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
    {
        ["Critical"] = TimeSpan.FromHours(24),
        ["High"] = TimeSpan.FromDays(7),
        ["Medium"] = TimeSpan.FromDays(30),
        ["Low"] = TimeSpan.FromDays(90),
    };

    /// <summary>How long the pods of a healthy canary stay after they were seen without traffic, for requests that are under way.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same in a revert: clients with open connections still talk to the bad canary until its pods go.</summary>
    public TimeSpan RevertDrain { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a revert waits for proof that the canary has no traffic before it removes the pods all the same.</summary>
    public TimeSpan WithdrawalProof { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long pods stay at least after an Ingress gave their traffic back: ingress-nginx reports nothing, and follows changes at most every three seconds.
    /// </summary>
    public TimeSpan IngressDrain { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// How long a canary's pods must be in the endpoints before the first route gives them requests: a proxy or gateway learns of them a moment after the API
    /// server does, and answers in their stead with errors until then.
    /// </summary>
    public TimeSpan EndpointSettle { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a canary must be ready without a break before the progress deadline is off: a crash loop is ready now and then.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a canary's pod that is ready otherwise waits for Prometheus to scrape it before it gets requests all the same.</summary>
    public TimeSpan ScrapePatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a workload that no canary stood in for must be rolled out before it counts as patched; <see cref="Settled"/> where one of its pods crashed:
    /// a crash loop is rolled out now and then.
    /// </summary>
    public TimeSpan RolloutSettle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a revert keeps to its order: a role that is not back by then keeps the next one waiting no longer.</summary>
    public TimeSpan RevertStageLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a revert may take before a person is asked for, where the patch's own deadline is shorter.</summary>
    public TimeSpan ShortestRevertLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long no Job may have been seen before a CronJob may run again: its controller may act on what it read a moment ago.</summary>
    public TimeSpan CronSettle { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long what looks bad after the promotion must go on to be bad before the patch is taken back: there is no unpatched track left to show an outage of something shared.</summary>
    public TimeSpan WatchConfirmation { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Least time between two changes of one workload's images, whoever keeps setting them back.</summary>
    public TimeSpan ImageSpacing { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between tries of a check that failed before the start.</summary>
    public TimeSpan PreflightRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How fresh a check of the metrics must be when a run starts.</summary>
    public TimeSpan PreflightValidity { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a deleted resource may wait for a tidy return, from when the operator saw its deletion, before it is let go: no namespace hangs for ever.</summary>
    public TimeSpan FinalizeLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Null until a status says that the deletion was seen. The deletionTimestamp itself is of another clock.</summary>
    public DateTimeOffset? LetGoAt(EmergencyPatchStatus? status) => status?.Timings?.DeletionSeenAt + FinalizeLimit;
}
