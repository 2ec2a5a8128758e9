using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace PatchOperator.Tests.Cluster.Runtime;

/// <summary>
/// The smallest API server on which the runtime's protocol can be broken on purpose: it answers inside the HTTP handler, so that tests own the time
/// and every byte of a watch. Only what these tests need is here.
/// </summary>
internal sealed class MiniApi : DelegatingHandler
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Collection, string Line)> history = [];
    private readonly List<(string Collection, Channel<byte[]> Lines)> watches = [];
    private long version = 100;

    /// <summary>Answers in the place of the store if it returns something.</summary>
    public Func<HttpRequestMessage, HttpResponseMessage?>? Intercept { get; set; }

    /// <summary>Watches are accepted and then hear nothing, as on a connection that died on the way.</summary>
    public bool Deaf { get; set; }

    public int WatchesOpened { get; private set; }

    public int Lists { get; private set; }

    public List<string> Writes { get; } = [];

    public int OpenWatches
    {
        get
        {
            lock (gate)
            {
                return watches.Count;
            }
        }
    }

    public static HttpResponseMessage Status(int code, string reason, string message = "scripted") => Answer((HttpStatusCode)code, new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["code"] = code,
        ["reason"] = reason,
        ["message"] = message,
    });

    public static bool IsWatch(HttpRequestMessage request) => request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal);

    public static string Path(string name) => $"apis/test.io/v1/namespaces/shop/widgets/{name}";

    public JsonObject? Read(string path)
    {
        lock (gate)
        {
            return objects.GetValueOrDefault(path)?.DeepClone().AsObject();
        }
    }

    /// <summary>Somebody else creates or changes an object.</summary>
    public void Put(string path, Action<JsonObject>? change = null)
    {
        lock (gate)
        {
            var stored = objects.GetValueOrDefault(path)?.DeepClone().AsObject();
            var next = stored ?? New(path);
            change?.Invoke(next);
            Store(path, next, stored);
        }
    }

    public void Remove(string path)
    {
        lock (gate)
        {
            Drop(path, objects[path].DeepClone().AsObject());
        }
    }

    public void CloseWatches()
    {
        lock (gate)
        {
            foreach (var (_, lines) in watches)
            {
                lines.Writer.TryComplete();
            }

            watches.Clear();
        }
    }

    public void Send(string line)
    {
        lock (gate)
        {
            foreach (var (_, lines) in watches)
            {
                lines.Writer.TryWrite(Encoding.UTF8.GetBytes(line + "\n"));
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken));
        lock (gate)
        {
            if (request.Method != HttpMethod.Get)
            {
                Writes.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
            }

            if (Intercept?.Invoke(request) is { } scripted)
            {
                return scripted;
            }

            return Handle(request, request.RequestUri!.AbsolutePath.Trim('/'), body);
        }
    }

    private static HttpResponseMessage Answer(HttpStatusCode code, JsonNode body) =>
        new(code) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    private static JsonObject New(string path)
    {
        var parts = path.Split('/');
        return new JsonObject { ["metadata"] = new JsonObject { ["name"] = parts[^1], ["namespace"] = parts[^3], ["uid"] = Guid.NewGuid().ToString() } };
    }

    private static string Collection(string path) => string.Join('/', path.Split('/')[..3]) + "/" + path.Split('/')[^2];

    private HttpResponseMessage Handle(HttpRequestMessage request, string path, JsonNode? body)
    {
        var parts = path.Split('/').ToList();
        var sub = parts[^1] == "status" ? "status" : null;
        if (sub is not null)
        {
            parts.RemoveAt(parts.Count - 1);
            path = string.Join('/', parts);
        }

        var at = parts.IndexOf("namespaces");
        var isCollection = at < 0 || parts.Count == at + 3;
        var collection = string.Join('/', parts[..(parts[0] == "api" ? 2 : 3)]) + "/" + (isCollection ? parts[^1] : parts[^2]);
        if (request.Method == HttpMethod.Get && isCollection)
        {
            return IsWatch(request) ? Watch(request, collection) : List(collection);
        }

        if (request.Method == HttpMethod.Post)
        {
            path = $"{path}/{body!["metadata"]!["name"]!.GetValue<string>()}";
            if (objects.ContainsKey(path))
            {
                return Status(409, "AlreadyExists");
            }

            body["metadata"]!["uid"] = Guid.NewGuid().ToString();
            Store(path, body.AsObject(), null);
            return Answer(HttpStatusCode.Created, objects[path]);
        }

        if (!objects.TryGetValue(path, out var stored))
        {
            return Status(404, "NotFound");
        }

        var next = stored.DeepClone().AsObject();
        switch (request.Method.Method)
        {
            case "GET":
                return Answer(HttpStatusCode.OK, stored);
            case "DELETE":
                Delete(path, next);
                return Answer(HttpStatusCode.OK, next);
            case "PUT":
                if (body!["metadata"]?["resourceVersion"]?.GetValue<string>() is { } required && required != Version(stored))
                {
                    return Status(409, "Conflict");
                }

                next = sub is null ? body.AsObject() : next;
                next["status"] = body["status"]?.DeepClone();
                break;
            case "PATCH" when body is JsonArray operations:
                if (!Apply(next, operations))
                {
                    return Status(422, "Invalid", "the server rejected our request due to an error in our request");
                }

                break;
            case "PATCH":
                Merge(next, body!.AsObject());
                break;
        }

        if (next["metadata"]!["deletionTimestamp"] is not null && next["metadata"]!["finalizers"] is null or JsonArray { Count: 0 })
        {
            Drop(path, next);
        }
        else
        {
            Store(path, next, stored);
        }

        return Answer(HttpStatusCode.OK, next);
    }

    private HttpResponseMessage List(string collection)
    {
        Lists++;
        var items = new JsonArray([.. objects.Where(pair => Collection(pair.Key) == collection).Select(pair => pair.Value.DeepClone())]);
        return Answer(HttpStatusCode.OK, new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = $"{version}" }, ["items"] = items });
    }

    private HttpResponseMessage Watch(HttpRequestMessage request, string collection)
    {
        WatchesOpened++;
        var from = long.Parse(request.RequestUri!.Query.Split("resourceVersion=")[1].Split('&')[0]);
        var lines = Channel.CreateUnbounded<byte[]>();
        if (!Deaf)
        {
            foreach (var (_, _, line) in history.Where(entry => entry.Collection == collection && entry.Version > from))
            {
                lines.Writer.TryWrite(Encoding.UTF8.GetBytes(line));
            }

            watches.Add((collection, lines));
        }

        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new ChannelStream(lines.Reader)) };
    }

    private void Store(string path, JsonObject next, JsonObject? stored)
    {
        var metadata = next["metadata"]!.AsObject();
        var specChanged = stored is null || !JsonNode.DeepEquals(stored["spec"], next["spec"]);
        metadata["generation"] = (stored?["metadata"]?["generation"]?.GetValue<long>() ?? 0) + (specChanged ? 1 : 0);
        metadata["resourceVersion"] = $"{++version}";
        objects[path] = next.DeepClone().AsObject();
        Tell(path, stored is null ? "ADDED" : "MODIFIED", next);
    }

    private void Delete(string path, JsonObject last)
    {
        if (last["metadata"]!["finalizers"] is JsonArray { Count: > 0 })
        {
            var stored = objects[path];
            last["metadata"]!["deletionTimestamp"] = "2026-11-23T09:00:00Z";
            Store(path, last, stored);
        }
        else
        {
            Drop(path, last);
        }
    }

    private void Drop(string path, JsonObject last)
    {
        objects.Remove(path);
        last["metadata"]!["resourceVersion"] = $"{++version}";
        Tell(path, "DELETED", last);
    }

    private void Tell(string path, string type, JsonObject item)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = item.DeepClone() }.ToJsonString() + "\n";
        var collection = Collection(path);
        history.Add((version, collection, line));
        if (history.Count > 200)
        {
            history.RemoveAt(0);
        }

        foreach (var (watched, lines) in watches.Where(watch => watch.Collection == collection))
        {
            lines.Writer.TryWrite(Encoding.UTF8.GetBytes(line));
        }
    }

    private static string Version(JsonObject item) => item["metadata"]!["resourceVersion"]!.GetValue<string>();

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject inner && target[name] is JsonObject existing)
            {
                Merge(existing, inner);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }

    private static bool Apply(JsonObject target, JsonArray operations)
    {
        foreach (var operation in operations)
        {
            var path = operation!["path"]!.GetValue<string>().Split('/')[1..].Select(part => part.Replace("~1", "/").Replace("~0", "~")).ToArray();
            JsonNode? parent = target;
            foreach (var part in path[..^1])
            {
                parent = parent is JsonArray list ? list[int.Parse(part)] : parent?[part];
            }

            var last = path[^1];
            var value = operation["value"]?.DeepClone();
            switch (operation["op"]!.GetValue<string>(), parent)
            {
                case ("test", JsonArray list) when int.Parse(last) >= list.Count || !JsonNode.DeepEquals(list[int.Parse(last)], value):
                case ("test", JsonObject item) when !JsonNode.DeepEquals(item[last], value):
                    return false;
                case ("add", JsonArray list):
                    list.Add(value);
                    break;
                case ("remove", JsonArray list):
                    list.RemoveAt(int.Parse(last));
                    break;
                case ("add" or "replace", JsonObject item):
                    item[last] = value;
                    break;
                case ("remove", JsonObject item):
                    item.Remove(last);
                    break;
            }
        }

        return true;
    }

    private sealed class ChannelStream(ChannelReader<byte[]> lines) : Stream
    {
        private ReadOnlyMemory<byte> rest;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (rest.IsEmpty)
            {
                if (!await lines.WaitToReadAsync(cancellationToken) || !lines.TryRead(out var next))
                {
                    return 0;
                }

                rest = next;
            }

            var count = Math.Min(buffer.Length, rest.Length);
            rest[..count].CopyTo(buffer);
            rest = rest[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
