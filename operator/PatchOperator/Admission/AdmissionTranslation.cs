using System.Text.Json.Nodes;
using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Admission;

/// <summary>Between the API server's words and the product's.</summary>
internal static class AdmissionTranslation
{
    /// <summary>Clients show about this much of one warning.</summary>
    private const int LongestWarning = 256;

    private const int MostWarnings = 8;

    /// <returns>Null where nothing is stored that we could judge, as in a deletion.</returns>
    public static AdmissionRequest? ToRequest(AdmissionQuestion question, AdmissionSettings settings) =>
        question is { Object: { } written, Operation: "CREATE" or "UPDATE" } && question.Resource is { Resource: { } resource }
            ? new AdmissionRequest
            {
                Id = question.Uid,
                Resource = resource,
                Subresource = question.SubResource ?? "",
                Namespace = question.Namespace ?? "",
                Name = Text(written["metadata"]?["name"]) is { Length: > 0 } name ? name : question.Name ?? "",
                IsCreate = question.Operation == "CREATE",
                User = new AuthenticatedUser(question.UserInfo.Username ?? "", question.UserInfo.Uid is { Length: > 0 } uid ? uid : null, question.UserInfo.Groups ?? []),
                IsOperator = question.UserInfo.Username == settings.Operator,
                IsDryRun = question.DryRun ?? false,
                Object = written,
                OldObject = question.OldObject,
            }
            : null;

    public static AdmissionAnswer ToAnswer(AdmissionQuestion question, AdmissionDecision decision, JsonArray? patch = null) => new()
    {
        Uid = question.Uid,
        Allowed = decision.Refusal is null,
        Status = decision.Refusal is { } refusal ? ToStatus(refusal) : null,
        PatchType = patch is { Count: > 0 } ? "JSONPatch" : null,
        Patch = patch is { Count: > 0 } ? System.Text.Encoding.UTF8.GetBytes(patch.ToJsonString()) : null,
        Warnings = decision.Warnings.Count == 0 ? null : [.. decision.Warnings.Take(MostWarnings).Select(w => w.Length > LongestWarning ? w[..(LongestWarning - 1)] + "…" : w)],
    };

    private static AdmissionStatus ToStatus(AdmissionRefusal refusal) => new()
    {
        Code = refusal.Code,
        Reason = refusal.Reason,
        Message = refusal.Message,
        Details = refusal.Problems.Count == 0 ? null : new AdmissionDetails { Causes = [.. refusal.Problems.Select(ToCause)] },
    };

    private static AdmissionCause ToCause(SpecProblem problem) => new() { Reason = "FieldValueInvalid", Field = problem.Path, Message = problem.Message };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
