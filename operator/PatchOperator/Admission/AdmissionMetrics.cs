using PatchOperator.Domain.Admission;
using PatchOperator.Runtime;
using Prometheus;

namespace PatchOperator.Admission;

internal sealed class AdmissionMetrics(RuntimeMetrics runtime)
{
    private readonly Counter answers = Prometheus.Metrics.WithCustomRegistry(runtime.Registry)
        .CreateCounter("patchoperator_admission_answers_total", "Answers of the admission webhooks.", "webhook", "answer");

    public void Answered(string webhook, AdmissionDecision decision) => answers.WithLabels(webhook, decision.Refusal?.Reason ?? "Allowed").Inc();
}
