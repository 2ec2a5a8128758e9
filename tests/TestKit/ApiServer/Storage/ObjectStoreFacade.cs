using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The store as the simulated controllers see it: same rules as over HTTP, but no ownership of fields and no faults.</summary>
internal sealed class ObjectStoreFacade(VersionedStore store, ResourceRegistry registry, KindRegistry kinds, TimeProvider time) : IObjectStore
{
    public JsonObject? Get(ResourceName resource, string ns, string name) => store.Find(resource, ns, name)?.Value.Copy();

    public IReadOnlyList<JsonObject> List(ResourceName resource, string? ns = null) => [.. store.List(resource, ns).Select(o => o.Value.Copy())];

    public JsonObject Create(ResourceName resource, JsonObject obj) =>
        Translate(() => registry.Create(kinds.Get(resource), obj, new WriteContext { Now = time.GetUtcNow() }));

    public JsonObject Update(ResourceName resource, JsonObject obj, bool statusOnly = false) =>
        Translate(() => registry.Update(
            kinds.Get(resource),
            obj,
            new WriteContext { Now = time.GetUtcNow(), Subresource = statusOnly ? "status" : "" }));

    public void Delete(ResourceName resource, string ns, string name, bool force = false)
    {
        lock (store.Gate)
        {
            if (store.Find(resource, ns, name) is not null)
            {
                registry.Delete(kinds.Get(resource), ns, name, new DeleteOptions { GracePeriodSeconds = force ? 0 : null });
            }
        }
    }

    public IDisposable Subscribe(Action<StoreEvent> onEvent) => new Subscription(store, onEvent);

    private static JsonObject Translate(Func<JsonObject> write)
    {
        try
        {
            return write();
        }
        catch (ApiException e) when (e.Code is 404 or 409)
        {
            throw new ConflictException(e.Message);
        }
    }

    private sealed class Subscription : IDisposable
    {
        private readonly Channel<Change> _changes = Channel.CreateUnbounded<Change>(new UnboundedChannelOptions { SingleReader = true });
        private readonly VersionedStore _store;

        public Subscription(VersionedStore store, Action<StoreEvent> onEvent)
        {
            _store = store;
            store.Committed += Offer;
            _ = PumpAsync(onEvent);
        }

        public void Dispose()
        {
            _store.Committed -= Offer;
            _changes.Writer.TryComplete();
        }

        private void Offer(Change change) => _changes.Writer.TryWrite(change);

        private async Task PumpAsync(Action<StoreEvent> onEvent)
        {
            await foreach (var change in _changes.Reader.ReadAllAsync())
            {
                onEvent(new StoreEvent(change.Type, change.Resource, change.Now.Value));
            }
        }
    }
}
