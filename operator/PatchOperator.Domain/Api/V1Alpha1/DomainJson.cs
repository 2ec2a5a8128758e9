using System.Text.Json.Serialization;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>JSON of the API types, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeJsonConverter)])]
[JsonSerializable(typeof(EmergencyPatch))]
[JsonSerializable(typeof(ModuleCompatibility))]
[JsonSerializable(typeof(IReadOnlyList<AuditRecord>))]
[JsonSerializable(typeof(RecordedFact))]
public sealed partial class DomainJson : JsonSerializerContext;
