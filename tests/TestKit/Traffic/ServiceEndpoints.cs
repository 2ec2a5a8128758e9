using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Traffic;

// Inside the namespace, where it wins over the API server's helpers of the same names.
using PatchOperator.TestKit.Controllers;

/// <summary>One address behind a Service.</summary>
internal sealed record ServiceEndpoint(string Ip, int Port, string Pod, string Track);

/// <summary>The ready endpoints of one Service, kept current from the store's changes without asking the store again.</summary>
internal sealed class ServiceEndpoints : IDisposable
{
    private const string TrackLabel = "patchoperator.io/track";

    private readonly string _namespace;
    private readonly string _service;
    private readonly string? _portName;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _tracks = [];
    private readonly HashSet<string> _seenPods = [];
    private readonly IDisposable _subscription;
    private JsonObject? _endpoints;
    private bool _seenEndpoints;

    public ServiceEndpoints(IObjectStore store, string ns, string service, string? portName)
    {
        (_namespace, _service, _portName) = (ns, service, portName);
        _subscription = store.Subscribe(Observe);

        // Subscribed first: what a change has told since is newer than what is read here.
        var pods = store.List(ResourceName.Pods, ns);
        var endpoints = store.Get(ResourceName.Endpoints, ns, service);
        lock (_gate)
        {
            foreach (var pod in pods.Where(pod => !_seenPods.Contains(pod.Name())))
            {
                _tracks[pod.Name()] = Track(pod);
            }

            _endpoints = _seenEndpoints ? _endpoints : endpoints;
            _seenPods.Clear();
            Rebuild();
        }
    }

    /// <summary>Replaced whole, so a reader needs no lock.</summary>
    public IReadOnlyList<ServiceEndpoint> Ready { get; private set; } = [];

    public void Dispose() => _subscription.Dispose();

    private void Observe(StoreEvent change)
    {
        var isEndpoints = change.Resource == ResourceName.Endpoints && change.Value.Name() == _service;
        if ((!isEndpoints && change.Resource != ResourceName.Pods) || change.Value.Namespace() != _namespace)
        {
            return;
        }

        lock (_gate)
        {
            var gone = change.Type == StoreEventType.Deleted;
            if (isEndpoints)
            {
                _seenEndpoints = true;
                _endpoints = gone ? null : change.Value;
                Rebuild();
                return;
            }

            var name = change.Value.Name();
            _seenPods.Add(name);
            var track = Track(change.Value);
            var before = _tracks.GetValueOrDefault(name);
            if (gone)
            {
                // Requests may still be under way to it, and its endpoint goes by a change of its own.
                _tracks.Remove(name);
            }
            else if (before != track)
            {
                _tracks[name] = track;
                Rebuild();
            }
        }
    }

    private void Rebuild() => Ready = [.. _endpoints.Items("subsets").SelectMany(subset =>
    {
        var port = subset.Items("ports").FirstOrDefault(port => _portName is null || port.Text("name") == _portName).Number("port");
        return port is null ? [] : subset.Items("addresses").Select(address =>
        {
            var pod = address.Text("targetRef", "name") ?? address.Text("ip")!;
            return new ServiceEndpoint(address.Text("ip")!, port.Value, pod, _tracks.GetValueOrDefault(pod, "stable"));
        });
    })];

    private static string Track(JsonObject pod) => pod.Labels().Text(TrackLabel) ?? "stable";
}
