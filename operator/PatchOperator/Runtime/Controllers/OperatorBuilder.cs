using System.Diagnostics.CodeAnalysis;
using k8s;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PatchOperator.Domain.Api.Meta;

namespace PatchOperator.Runtime;

public static class OperatorServices
{
    /// <summary>
    /// Registers the runtime: <see cref="IClusterClient"/> (writes only while leading), <see cref="ClusterClient"/>, <see cref="IInformerFactory"/>,
    /// <see cref="IEventPublisher"/>, <see cref="ILeadership"/>, <see cref="KubernetesConnection"/>, <see cref="RuntimeHealth"/>, <see cref="RuntimeMetrics"/>
    /// and the hosted service that runs it all. Register a <see cref="KubernetesClientConfiguration"/> or a <see cref="TimeProvider"/> beforehand to use your own.
    /// Program must end with <see cref="LoopSupervisor.ExitCode"/>.
    /// </summary>
    public static OperatorBuilder AddKubernetesOperator(this IServiceCollection services, Action<OperatorOptions>? configure = null)
    {
        var options = new OperatorOptions();
        configure?.Invoke(options);
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RuntimeMetrics>(_ => new RuntimeMetrics());
        services.TryAddSingleton(_ => KubernetesConnection.Configuration());
        services.TryAddSingleton<Func<double>>(_ => Jitter.Next);
        services.AddSingleton<LoopSupervisor>();
        services.AddSingleton<RuntimeHealth>();
        services.AddSingleton(provider => new KubernetesConnection(
            provider.GetRequiredService<KubernetesClientConfiguration>(), options, provider.GetRequiredService<RuntimeMetrics>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredService<KubernetesConnection>().Transport);
        services.AddSingleton(provider => new ClusterClient(
            provider.GetRequiredService<ApiTransport>(), options.Client, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IClusterClient, LeaderFencedClient>();
        services.AddSingleton<IEventPublisher, EventPublisher>();
        services.AddSingleton(provider => new InformerFactory(
            provider.GetRequiredService<ApiTransport>(), options.Informers, provider.GetRequiredService<LoopSupervisor>(),
            provider.GetRequiredService<RuntimeHealth>(), provider.GetRequiredService<RuntimeMetrics>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Func<double>>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IInformerFactory>(provider => provider.GetRequiredService<InformerFactory>());
        AddLeadership(services, options);
        services.AddHostedService<OperatorHost>();
        services.AddHostedService<IdleMemory>();
        return new OperatorBuilder(services);
    }

    private static void AddLeadership(IServiceCollection services, OperatorOptions options)
    {
        if (!options.LeaderElection.Enabled)
        {
            services.AddSingleton<ILeadership, AlwaysLeading>();
            return;
        }

        services.AddSingleton(provider => new LeaderElector(
            provider.GetRequiredService<ClusterClient>(), options.LeaderElection, options.Identity, provider.GetRequiredService<KubernetesConnection>().Namespace,
            provider.GetRequiredService<RuntimeMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Func<double>>(),
            provider.GetRequiredService<ILogger<LeaderElector>>()));
        services.AddSingleton<ILeadership>(provider => provider.GetRequiredService<LeaderElector>());
    }
}

/// <summary>Adds controllers and finalizers to the operator.</summary>
public sealed class OperatorBuilder(IServiceCollection services)
{
    public IServiceCollection Services { get; } = services;

    /// <summary>
    /// One controller per kind. It may take <see cref="IInformer{T}"/> and <see cref="IReconcileQueue{T}"/> of its own kind in its constructor,
    /// besides everything <see cref="OperatorServices.AddKubernetesOperator"/> registers.
    /// </summary>
    public OperatorBuilder AddController<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TController, T>(ResourceType<T> type)
        where TController : class, IEntityController<T>
        where T : class, IResource
    {
        Services.AddSingleton(type);
        Services.AddSingleton<TController>();
        Services.AddSingleton<IEntityController<T>>(provider => provider.GetRequiredService<TController>());
        Services.AddSingleton<PrimaryInformer<T>>();
        Services.AddSingleton<IInformer<T>>(provider => provider.GetRequiredService<PrimaryInformer<T>>().Informer);
        Services.AddSingleton<ReconcileQueue<T>>();
        Services.AddSingleton<IReconcileQueue<T>>(provider => provider.GetRequiredService<ReconcileQueue<T>>());
        Services.AddSingleton<FinalizerKeeper<T>>();
        Services.AddSingleton<EntityReconciler<T>>();
        Services.AddSingleton<IControllerLoop, ControllerLoop<T>>();
        return this;
    }

    /// <summary>Finalizers of one kind run in the order of registration. The kind needs a controller, whose runtime attaches and runs them.</summary>
    public OperatorBuilder AddFinalizer<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFinalizer, T>()
        where TFinalizer : class, IEntityFinalizer<T>
        where T : class, IResource
    {
        Services.AddSingleton<IEntityFinalizer<T>, TFinalizer>();
        return this;
    }
}
