using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The kinds that are served at this moment; it grows when CustomResourceDefinitions are created.</summary>
internal sealed class KindRegistry
{
    private ImmutableDictionary<ResourceName, ResourceKind> _kinds = BuiltInKinds.All.ToImmutableDictionary(k => k.Resource);

    public IEnumerable<ResourceKind> All => _kinds.Values.OrderBy(k => k.Resource.Plural, StringComparer.Ordinal);

    public ResourceKind? Find(ResourceName resource) => _kinds.GetValueOrDefault(resource);

    public ResourceKind Get(ResourceName resource) =>
        Find(resource) ?? throw new ArgumentException($"{resource} is not served: is its CustomResourceDefinition installed?");

    public void Define(JsonObject definition)
    {
        foreach (var kind in CustomKinds.From(definition))
        {
            ImmutableInterlocked.AddOrUpdate(ref _kinds, kind.Resource, kind, (_, _) => kind);
        }
    }

    public void Undefine(JsonObject definition)
    {
        foreach (var kind in CustomKinds.From(definition))
        {
            ImmutableInterlocked.TryRemove(ref _kinds, kind.Resource, out _);
        }
    }
}
