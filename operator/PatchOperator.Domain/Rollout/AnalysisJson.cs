using System.Text.Json.Serialization;
using PatchOperator.Domain.Analysis;

namespace PatchOperator.Domain.Rollout;

/// <summary>JSON of what the analysis keeps in the status between ticks.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MetricMemory))]
internal sealed partial class AnalysisJson : JsonSerializerContext;
