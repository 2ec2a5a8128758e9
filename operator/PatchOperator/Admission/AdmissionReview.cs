using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace PatchOperator.Admission;

/// <summary>admission.k8s.io/v1: what the API server asks, and what it is answered.</summary>
internal sealed record AdmissionReview
{
    public string ApiVersion { get; init; } = "admission.k8s.io/v1";

    public string Kind { get; init; } = "AdmissionReview";

    public AdmissionQuestion? Request { get; init; }

    public AdmissionAnswer? Response { get; init; }
}

internal sealed record AdmissionQuestion
{
    public required string Uid { get; init; }

    public GroupResource? Resource { get; init; }

    public string? SubResource { get; init; }

    public string? Name { get; init; }

    public string? Namespace { get; init; }

    /// <summary>CREATE, UPDATE, DELETE or CONNECT.</summary>
    public required string Operation { get; init; }

    public required ReviewUser UserInfo { get; init; }

    public JsonObject? Object { get; init; }

    public JsonObject? OldObject { get; init; }

    public bool? DryRun { get; init; }
}

internal sealed record GroupResource
{
    public string? Group { get; init; }

    public string? Version { get; init; }

    public string? Resource { get; init; }
}

/// <summary>Whom the API server authenticated.</summary>
internal sealed record ReviewUser
{
    public string? Username { get; init; }

    public string? Uid { get; init; }

    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Only handed on, in access reviews.</summary>
    public JsonObject? Extra { get; init; }
}

internal sealed record AdmissionAnswer
{
    public required string Uid { get; init; }

    public required bool Allowed { get; init; }

    public AdmissionStatus? Status { get; init; }

    /// <summary>JSONPatch, where there is one.</summary>
    public string? PatchType { get; init; }

    /// <summary>RFC 6902; in base64 on the wire.</summary>
    public byte[]? Patch { get; init; }

    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>The part of a metav1.Status that clients show.</summary>
internal sealed record AdmissionStatus
{
    public string Status { get; init; } = "Failure";

    public required string Message { get; init; }

    public required string Reason { get; init; }

    public required int Code { get; init; }

    public AdmissionDetails? Details { get; init; }
}

internal sealed record AdmissionDetails
{
    public IReadOnlyList<AdmissionCause>? Causes { get; init; }
}

internal sealed record AdmissionCause
{
    public required string Reason { get; init; }

    public required string Message { get; init; }

    public string? Field { get; init; }
}

internal static class ReviewDepth
{
    /// <summary>Levels of nesting that the operator can decode when it reads the object back. A Job's template has some fifteen.</summary>
    public const int OfObject = 64;

    /// <summary>The review, and in it the request.</summary>
    public const int Envelope = 2;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = ReviewDepth.OfObject + ReviewDepth.Envelope)]
[JsonSerializable(typeof(AdmissionReview))]
internal sealed partial class AdmissionJson : JsonSerializerContext;
