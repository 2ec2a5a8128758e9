using System.Net;
using System.Net.Sockets;

namespace PatchOperator.Tests.Cluster.Metrics;

/// <summary>A server below HTTP: for each connection it reads the head of the request, and then does to the socket what the test says.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;
    private int _connections;

    public RawServer(Func<Socket, CancellationToken, Task> answer)
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _loop = AcceptAsync(answer);
    }

    public Uri Address { get; }

    public int Connections => _connections;

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _loop;
        _closing.Dispose();
    }

    private async Task AcceptAsync(Func<Socket, CancellationToken, Task> answer)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_closing.Token);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(socket, answer);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, Func<Socket, CancellationToken, Task> answer)
    {
        using (socket)
        {
            try
            {
                await socket.ReceiveAsync(new byte[65536], _closing.Token);
                await answer(socket, _closing.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // The client has gone, or the test is over.
            }
        }
    }
}
