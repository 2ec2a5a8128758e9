using PatchOperator.Domain.Rollout;
using PatchOperator.Metrics;
using PatchOperator.Telemetry;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

internal static class PatchServices
{
    public static IServiceCollection AddPatches(this IServiceCollection services, OperatorPolicy policy) => services
        .AddSingleton(policy)
        .AddSingleton<IntentCache>()
        .AddSingleton<WorkloadLocks>()
        .AddSingleton<PatchNeighbours>()
        .AddSingleton<NamespaceViews>()
        .AddSingleton<ITrafficRouter, ReplicaRatio>()
        .AddSingleton<MetricProviders>()
        .AddSingleton<MetricReader>()
        .AddSingleton<ActionProblems>()
        .AddSingleton<PatchObserver>()
        .AddSingleton<PlanExecutor>()
        .AddSingleton<PatchMetrics>()
        .AddSingleton<PatchRecorder>();
}
