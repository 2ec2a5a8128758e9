using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Knows the open connections, to play an outage.</summary>
internal sealed class ConnectionGate
{
    private readonly ConcurrentDictionary<string, ConnectionContext> _open = new();
    private volatile bool _refusing;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        _open[connection.ConnectionId] = connection;
        try
        {
            // Looked at after the registration: an outage that starts now closes this connection one way or the other.
            if (_refusing)
            {
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection.ConnectionId, out _);
        }
    }

    public void Refuse(bool on)
    {
        _refusing = on;
        if (on)
        {
            foreach (var connection in _open.Values)
            {
                connection.Abort();
            }
        }
    }
}
