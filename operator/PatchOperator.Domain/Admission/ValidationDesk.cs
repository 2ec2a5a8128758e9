using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Admission;

/// <summary>
/// The last word on a write, after every change that anyone made to it on the way. The same validators serve the command line and the controller.
/// What was stored before is never refused for what it was: else nobody could annotate or release a resource that a newer version finds fault with.
/// </summary>
public static class ValidationDesk
{
    private const int ProblemsShown = 10;

    public static AdmissionDecision Decide(AdmissionRequest request, ValidationOptions options) =>
        request.IsOperator || request.IsStale ? AdmissionDecision.Allow
        : request.Subresource == "status" ? StatusIsOurs(request)
        : request.Subresource.Length > 0 || IsLeaving(request) || !IsNewSpec(request) ? AdmissionDecision.Allow
        : request.Resource switch
        {
            Names.EmergencyPatchPlural => Validate(request, Names.EmergencyPatchKind, json => SpecValidator.Validate(json.Deserialize(DomainJson.Default.EmergencyPatch)!, options)),
            Names.ModuleCompatibilityPlural => Validate(request, Names.ModuleCompatibilityKind, json => ModuleCompatibilityValidator.Validate(json.Deserialize(DomainJson.Default.ModuleCompatibility)!)),
            _ => AdmissionDecision.Allow,
        };

    /// <summary>What belongs in the trail of a refusal: somebody tried to write what only the operator may. A dry run leaves nothing.</summary>
    public static IReadOnlyList<RecordedFact> Denied(AdmissionRequest request, AdmissionDecision decision, FactKeys keys, DateTimeOffset now)
    {
        if (decision.Refusal is not { Code: 403 } refusal || request.Resource != Names.EmergencyPatchPlural)
        {
            return [];
        }

        var draft = new MutationDraft(request, keys, now);
        draft.Deny(FactKinds.Forge, request.Subresource, refusal.Message);
        return draft.ToDecision().Denied;
    }

    private static AdmissionDecision StatusIsOurs(AdmissionRequest request) => JsonNode.DeepEquals(request.Object["status"], request.OldObject?["status"])
        ? AdmissionDecision.Allow
        : AdmissionDecision.Forbid(
            $"The status of {request.Resource} {request.Namespace}/{request.Name} is what the operator saw and decided; nobody else may write it. "
            + "Ask for something with a command instead, such as patchoperator.io/abort.");

    private static bool IsLeaving(AdmissionRequest request) => request.Object["metadata"]?["deletionTimestamp"] is not null;

    private static bool IsNewSpec(AdmissionRequest request) => request.OldObject is null || !JsonNode.DeepEquals(request.Object["spec"], request.OldObject["spec"]);

    private static AdmissionDecision Validate(AdmissionRequest request, string kind, Func<JsonObject, IReadOnlyList<SpecProblem>> validate)
    {
        IReadOnlyList<SpecProblem> problems;
        try
        {
            problems = validate(request.Object);
        }
        catch (JsonException exception)
        {
            problems = [new SpecProblem(exception.Path is ['$', '.', .. var path] ? path : "spec", SpecProblemKind.Invalid, $"cannot be read ({exception.Message}); write it as the CRD says")];
        }

        // What is merely early is refused by the controller, with everything else in place to see it; here it is worth a warning.
        var warnings = problems.Where(p => p.Kind is SpecProblemKind.NotSupportedYet).Select(p => p.ToString()).ToArray();
        var invalid = problems.Where(p => p.Kind is SpecProblemKind.Invalid).ToArray();
        if (invalid.Length == 0)
        {
            return new AdmissionDecision { Warnings = warnings };
        }

        var more = invalid.Length > ProblemsShown ? $"; and {invalid.Length - ProblemsShown} more" : "";
        return AdmissionDecision.Invalid($"{kind} {request.Name} is invalid: {string.Join("; ", invalid.Take(ProblemsShown))}{more}", invalid) with { Warnings = warnings };
    }
}
