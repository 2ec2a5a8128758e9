using PatchOperator.Runtime;
using Prometheus;

namespace PatchOperator.Notifications;

/// <summary>Prometheus metrics about notifications.</summary>
internal sealed class NotificationMetrics
{
    private readonly Counter ended;
    private readonly Counter retries;
    private readonly Gauge waiting;

    public NotificationMetrics(RuntimeMetrics runtime)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(runtime.Registry);
        ended = factory.CreateCounter("patchoperator_notifications_total", "Notifications that ended, by receiver and result (sent, failed).", "receiver", "result");
        retries = factory.CreateCounter("patchoperator_notification_retries_total", "Attempts that failed and are made again.", "receiver");
        waiting = factory.CreateGauge("patchoperator_notifications_waiting", "Notifications under way.");
    }

    public void Ended(string receiver, bool sent) => ended.WithLabels(receiver, sent ? "sent" : "failed").Inc();

    public void Retried(string receiver) => retries.WithLabels(receiver).Inc();

    public void Waiting(int change) => waiting.Inc(change);
}
