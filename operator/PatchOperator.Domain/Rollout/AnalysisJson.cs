using System.Text.Json.Serialization;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Analysis.Watch;
using PatchOperator.Domain.Api;

namespace PatchOperator.Domain.Rollout;

/// <summary>JSON of what the analysis keeps in the status between ticks.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(UtcTimeJsonConverter)])]
[JsonSerializable(typeof(MetricMemory))]
[JsonSerializable(typeof(WatchMemory))]
internal sealed partial class AnalysisJson : JsonSerializerContext;
