using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Admission;

/// <summary>The validating webhook: lets Domain decide, and hands attempts to write a status on.</summary>
internal sealed class AdmissionValidator(
    OperatorPolicy policy, AdmissionSettings settings, FactKeyStore keys, DeniedAttempts denied, AdmissionMetrics metrics, TimeProvider time)
{
    public Task<AdmissionAnswer> AnswerAsync(AdmissionQuestion question, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (AdmissionTranslation.ToRequest(question, settings) is not { } request)
        {
            return Task.FromResult(AdmissionTranslation.ToAnswer(question, AdmissionDecision.Allow));
        }

        var decision = ValidationDesk.Decide(request, policy.Validation);
        metrics.Answered("validate", decision);
        foreach (var attempt in ValidationDesk.Denied(request, decision, keys.Current, time.GetUtcNow()))
        {
            denied.Report(attempt);
        }

        return Task.FromResult(AdmissionTranslation.ToAnswer(question, decision));
    }
}
