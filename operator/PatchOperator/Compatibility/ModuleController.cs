using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Matrix;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>Keeps a ModuleCompatibility's own status: whether its rules can be read, where its module is installed, and which patches it decides on.</summary>
internal sealed class ModuleController : IEntityController<ModuleCompatibility>, IDisposable
{
    private readonly IClusterClient client;
    private readonly IInformer<EmergencyPatch> patches;
    private readonly TimeProvider time;
    private readonly IDisposable subscription;

    public ModuleController(IClusterClient client, IInformer<EmergencyPatch> patches, IReconcileQueue<ModuleCompatibility> queue, TimeProvider time)
    {
        (this.client, this.patches, this.time) = (client, patches, time);
        subscription = patches.Subscribe(change =>
        {
            // A run writes its status every few seconds; of that, only a new matrix and a new phase matter here.
            if (change.Type is InformerEventType.Modified && change.Previous is { } previous && Relevant(previous) == Relevant(change.Object))
            {
                return;
            }

            foreach (var module in Sources(change.Object).Concat(change.Previous is null ? [] : Sources(change.Previous)).Distinct())
            {
                queue.Enqueue(module);
            }
        });
    }

    public async Task<ReconciliationResult<ModuleCompatibility>> ReconcileAsync(ModuleCompatibility entity, CancellationToken cancellation)
    {
        var status = ModuleReport.Compose(entity, patches.List(entity.Metadata.Namespace), time.GetUtcNow());
        var after = JsonSerializer.SerializeToNode(status, DomainJson.Default.ModuleCompatibilityStatus)!.AsObject();
        var before = entity.Status is null ? null : JsonSerializer.SerializeToNode(entity.Status, DomainJson.Default.ModuleCompatibilityStatus);
        if (JsonNode.DeepEquals(before, after))
        {
            return ReconciliationResult<ModuleCompatibility>.Success(entity);
        }

        try
        {
            var stored = await client.ReplaceStatusAsync(CompatibilityKinds.ModuleCompatibilities, ObjectKey.Of(entity), entity.Metadata.ResourceVersion, after, cancellation);
            return ReconciliationResult<ModuleCompatibility>.Success(CompatibilityKinds.ModuleCompatibilities.Decode(stored));
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.Conflict or ApiErrorKind.NotFound)
        {
            // A newer version is on its way and brings its own reconcile.
            return ReconciliationResult<ModuleCompatibility>.Success(entity);
        }
    }

    public Task<ReconciliationResult<ModuleCompatibility>> DeletedAsync(ModuleCompatibility entity, CancellationToken cancellation) =>
        Task.FromResult(ReconciliationResult<ModuleCompatibility>.Success(entity));

    public void Dispose() => subscription.Dispose();

    private static (string?, string?) Relevant(EmergencyPatch patch) => (patch.Status?.Phase, patch.Status?.Compatibility?.Evaluation);

    private static IEnumerable<ObjectKey> Sources(EmergencyPatch patch) => (patch.Status?.Compatibility?.Modules ?? [])
        .Select(row => row.Source).OfType<string>().Distinct(StringComparer.Ordinal)
        .Select(source => source.Split('/') is [var ns, var name] ? new ObjectKey(ns, name) : new ObjectKey("", source));
}
