using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Metrics;

internal sealed class MetricProviders(TimeProvider time)
{
    public IMetricProvider For(MetricProviderSpec spec) => throw new InvalidOperationException(spec.ToString() + time);
}
