using PatchOperator.Admission;
using PatchOperator.Audit;
using PatchOperator.Compatibility;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Metrics;
using PatchOperator.Metrics.Http;
using PatchOperator.Metrics.Probes;
using PatchOperator.Notifications;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;
using PatchOperator.Telemetry;
using PatchOperator.Traffic;

namespace PatchOperator.Patches;

internal static class PatchServices
{
    /// <summary>The whole operator but for its HTTP endpoints and its log.</summary>
    public static IServiceCollection AddPatchOperator(this IServiceCollection services, Settings settings)
    {
        services
            .AddKubernetesOperator(settings.Apply)
            .AddController<PatchController, EmergencyPatch>(Kinds.EmergencyPatches)
            .AddController<ModuleController, ModuleCompatibility>(CompatibilityKinds.ModuleCompatibilities)
            .AddFinalizer<PatchFinalizer, EmergencyPatch>();
        services.AddNotifications(settings.Notifications);
        services.AddAudit(settings.Audit);
        return services.AddPatches(settings.Policy).AddAdmission(settings.Admission);
    }

    private static void AddNotifications(this IServiceCollection services, ReceiverSettings receivers) => services
        .AddSingleton(receivers)
        .AddSingleton<Sender>()
        .AddSingleton<NotificationMetrics>()
        .AddSingleton<Notifier>();

    private static void AddAudit(this IServiceCollection services, AuditSettings settings) => services
        .AddSingleton(settings)
        .AddSingleton<AuditKeys>()
        .AddSingleton<AuditMarks>()
        .AddSingleton<AuditArchives>()
        .AddSingleton<ArchiveWatch>()
        .AddSingleton<AuditInspector>()
        .AddSingleton<AuditSealer>();

    private static IServiceCollection AddPatches(this IServiceCollection services, OperatorPolicy policy) => services
        .AddSingleton(policy)
        .AddSingleton<IntentCache>()
        .AddSingleton<WorkloadLocks>()
        .AddSingleton<WrittenCanaries>()
        .AddSingleton<PatchNeighbours>()
        .AddSingleton<NamespaceViews>()
        .AddSingleton<ReplicaRatio>()
        .AddSingleton<CanaryServices>()
        .AddSingleton<IRouteSplitter, HttpRouteSplitter>()
        .AddSingleton<IRouteSplitter, NginxIngressSplitter>()
        .AddSingleton<RouteTraffic>()
        .AddSingleton<TrafficRouters>()
        .AddSingleton<FindSecret>(services => (key, cancellation) => services.GetRequiredService<IClusterClient>().FindAsync(SecretResource.Type, key, cancellation))
        .AddSingleton<Secrets>()
        .AddSingleton<MetricProviders>()
        .AddSingleton<Func<MetricProviderSpec, IMetricProvider>>(services => services.GetRequiredService<MetricProviders>().For)
        .AddSingleton(services => new ProbeSender(services.GetRequiredService<Secrets>(), services.GetRequiredService<TimeProvider>()))
        .AddSingleton<ProbeProvider>()
        .AddSingleton<Measurements<IReadOnlyList<MetricReading>>>()
        .AddSingleton<Measurements<PodSighting>>()
        .AddSingleton<MetricReader>()
        .AddSingleton<ActionOutcomes>()
        .AddSingleton<WorkloadCaches>()
        .AddSingleton<RuleBooks>()
        .AddSingleton(services => Watches(services, CompatibilityKinds.ConfigMaps))
        .AddSingleton(services => Watches(services, Kinds.Jobs))
        .AddSingleton<InventoryJobs>()
        .AddSingleton<InventoryStore>()
        .AddSingleton<CompatibilityChecker>()
        .AddSingleton<PatchObserver>()
        .AddSingleton<GitReader>()
        .AddSingleton<DriftReader>()
        .AddSingleton<PodOrigins>()
        .AddSingleton<WorkloadWriter>()
        .AddSingleton<OwnershipWriter>()
        .AddSingleton<CanaryWriter>()
        .AddSingleton<PlanExecutor>()
        .AddSingleton<PatchMetrics>()
        .AddSingleton<PatchRecorder>();

    private static NamedWatches<T> Watches<T>(IServiceProvider services, ResourceType<T> type)
        where T : class, IResource =>
        new(type, services.GetRequiredService<IInformerFactory>(), services.GetRequiredService<IReconcileQueue<EmergencyPatch>>(), services.GetRequiredService<TimeProvider>());
}
