using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Admission;

/// <summary>The validating webhook.</summary>
internal sealed class AdmissionValidator(OperatorPolicy policy, AdmissionSettings settings, AdmissionMetrics metrics)
{
    public Task<AdmissionAnswer> AnswerAsync(AdmissionQuestion question, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var decision = AdmissionTranslation.ToRequest(question, settings) is { } request ? ValidationDesk.Decide(request, policy.Validation) : AdmissionDecision.Allow;
        metrics.Answered("validate", decision);
        return Task.FromResult(AdmissionTranslation.ToAnswer(question, decision));
    }
}
