using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>The mutating webhook: asks what it must know, lets Domain decide, and hands refused attempts on.</summary>
internal sealed class AdmissionMutator(AccessReviewer reviewer, FactKeyStore keys, DeniedAttempts denied, AdmissionSettings settings, AdmissionMetrics metrics, TimeProvider time)
{
    public async Task<AdmissionAnswer> AnswerAsync(AdmissionQuestion question, CancellationToken cancellation)
    {
        if (AdmissionTranslation.ToRequest(question, settings) is not { } request)
        {
            return AdmissionTranslation.ToAnswer(question, AdmissionDecision.Allow);
        }

        var rights = new Dictionary<string, bool?>(StringComparer.Ordinal);
        foreach (var verb in MutationDesk.Questions(request))
        {
            rights[verb] = await reviewer.MayAsync(question.UserInfo, verb, request.Namespace, request.Name, cancellation);
        }

        var decided = MutationDesk.Decide(request, rights, keys.Current, time.GetUtcNow());
        metrics.Answered("mutate", decided.Decision);
        foreach (var attempt in decided.Denied)
        {
            denied.Report(attempt);
        }

        return AdmissionTranslation.ToAnswer(question, decided.Decision, Changes(request, decided));
    }

    private static System.Text.Json.Nodes.JsonArray Changes(AdmissionRequest request, MutationDecision decided)
    {
        var patch = new JsonPatch();
        if (decided.Annotations.Count > 0 && request.Object["metadata"]?["annotations"] is null)
        {
            patch.Add(["metadata", "annotations"], new System.Text.Json.Nodes.JsonObject());
        }

        foreach (var (name, value) in decided.Annotations)
        {
            string[] path = ["metadata", "annotations", name];
            if (value is not null)
            {
                patch.Add(path, value);
            }
            else if (request.Object["metadata"]?["annotations"]?[name] is not null)
            {
                patch.Remove(path);
            }
        }

        if (decided.KeepsFinalizer)
        {
            if (request.Object["metadata"]?["finalizers"] is System.Text.Json.Nodes.JsonArray)
            {
                patch.Add(["metadata", "finalizers", "-"], Names.Finalizer);
            }
            else
            {
                patch.Add(["metadata", "finalizers"], new System.Text.Json.Nodes.JsonArray(Names.Finalizer));
            }
        }

        return patch.ToJson();
    }
}
