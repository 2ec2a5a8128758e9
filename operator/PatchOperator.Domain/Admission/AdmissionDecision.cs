using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Admission;

/// <summary>What the API server is to do with a write.</summary>
public sealed record AdmissionDecision
{
    public static readonly AdmissionDecision Allow = new();

    public AdmissionRefusal? Refusal { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public static AdmissionDecision Invalid(string message, IReadOnlyList<SpecProblem> problems) =>
        new() { Refusal = new AdmissionRefusal(422, "Invalid", message) { Problems = problems } };

    public static AdmissionDecision Forbid(string message) => new() { Refusal = new AdmissionRefusal(403, "Forbidden", message) };
}

/// <param name="Code">As an HTTP status.</param>
/// <param name="Reason">As in a Kubernetes Status.</param>
/// <param name="Message">What was refused, why, and what to do instead.</param>
public sealed record AdmissionRefusal(int Code, string Reason, string Message)
{
    public IReadOnlyList<SpecProblem> Problems { get; init; } = [];
}
