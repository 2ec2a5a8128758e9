using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>
/// Says everything that is wrong with a resource, in the order of its fields. Repeats what the CRD's schema and CEL rules say,
/// since older clusters do not run the rules and the command line has no cluster to ask.
/// </summary>
public static class SpecValidator
{
    public static IReadOnlyList<SpecProblem> Validate(EmergencyPatch patch, ValidationOptions options)
    {
        // A file may leave out what the API server requires.
        patch = patch with { Metadata = patch.Metadata ?? new ObjectMeta(), Spec = patch.Spec ?? new EmergencyPatchSpec() };
        var problems = new ProblemList();
        problems.Name("metadata.name", patch.Metadata.Name, Shapes.LongestLabel);
        AdvisoryRules.Check(patch, problems);
        WorkloadRules.Check(patch.Spec, options, problems);
        GateRules.Check(patch.Spec, problems);
        ReceiverRules.Check(patch.Spec.Approval, options, problems);
        CanaryRules.Check(patch.Spec, problems);
        AnalysisRules.Check(patch.Spec, problems);
        AfterwardsRules.Check(patch.Spec, problems);
        UnsupportedFields.Check(patch.Spec, options, problems);
        return problems.ToList();
    }
}
