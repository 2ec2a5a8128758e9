using PatchOperator.Domain.Admission;
using PatchOperator.Runtime;
using Prometheus;

namespace PatchOperator.Admission;

internal sealed class AdmissionMetrics(RuntimeMetrics runtime)
{
    private readonly Counter answers = Prometheus.Metrics.WithCustomRegistry(runtime.Registry)
        .CreateCounter("patchoperator_admission_answers_total", "Answers of the admission webhooks.", "webhook", "answer");

    private readonly Counter denied = Prometheus.Metrics.WithCustomRegistry(runtime.Registry)
        .CreateCounter("patchoperator_denied_attempts_total", "Commands and forgeries that were refused.", "command");

    public void Answered(string webhook, AdmissionDecision decision) => answers.WithLabels(webhook, decision.Refusal?.Reason ?? "Allowed").Inc();

    public void Denied(string command) => denied.WithLabels(command).Inc();
}
