using System.Text;
using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>
/// Reads the protobuf bodies that <c>kubectl create</c> and <c>kubectl auth can-i</c> send since 1.32, which do not fall back to JSON.
/// It knows the fields those commands fill in; any other field is refused rather than lost.
/// </summary>
internal static class ProtobufReader
{
    private static readonly byte[] Magic = "k8s\0"u8.ToArray();

    private enum Form
    {
        Text,
        Bytes,
        Number,
        Flag,
        Message,
        TextMap,
        BytesMap,
    }

    private sealed record Field(string Name, Form Form, string Message = "", bool Repeated = false);

    private static readonly Dictionary<string, Dictionary<int, Field>> Messages = new()
    {
        ["ObjectMeta"] = new()
        {
            [1] = new("name", Form.Text),
            [2] = new("generateName", Form.Text),
            [3] = new("namespace", Form.Text),
            [11] = new("labels", Form.TextMap),
            [12] = new("annotations", Form.TextMap),
            [13] = new("ownerReferences", Form.Message, "OwnerReference", Repeated: true),
            [14] = new("finalizers", Form.Text, Repeated: true),
        },
        ["OwnerReference"] = new()
        {
            [1] = new("kind", Form.Text),
            [3] = new("name", Form.Text),
            [4] = new("uid", Form.Text),
            [5] = new("apiVersion", Form.Text),
            [6] = new("controller", Form.Flag),
            [7] = new("blockOwnerDeletion", Form.Flag),
        },
        ["Namespace"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta") },
        ["ServiceAccount"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta") },
        ["ConfigMap"] = new()
        {
            [1] = new("metadata", Form.Message, "ObjectMeta"),
            [2] = new("data", Form.TextMap),
            [3] = new("binaryData", Form.BytesMap),
            [4] = new("immutable", Form.Flag),
        },
        ["Secret"] = new()
        {
            [1] = new("metadata", Form.Message, "ObjectMeta"),
            [2] = new("data", Form.BytesMap),
            [3] = new("type", Form.Text),
            [4] = new("stringData", Form.TextMap),
            [5] = new("immutable", Form.Flag),
        },
        ["SelfSubjectAccessReview"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta"), [2] = new("spec", Form.Message, "AccessSpec") },
        ["AccessSpec"] = new()
        {
            [1] = new("resourceAttributes", Form.Message, "ResourceAttributes"),
            [2] = new("nonResourceAttributes", Form.Message, "NonResourceAttributes"),
        },
        ["ResourceAttributes"] = new()
        {
            [1] = new("namespace", Form.Text),
            [2] = new("verb", Form.Text),
            [3] = new("group", Form.Text),
            [4] = new("version", Form.Text),
            [5] = new("resource", Form.Text),
            [6] = new("subresource", Form.Text),
            [7] = new("name", Form.Text),
        },
        ["NonResourceAttributes"] = new() { [1] = new("path", Form.Text), [2] = new("verb", Form.Text) },
        ["Deployment"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta"), [2] = new("spec", Form.Message, "DeploymentSpec") },
        ["DeploymentSpec"] = new()
        {
            [1] = new("replicas", Form.Number),
            [2] = new("selector", Form.Message, "LabelSelector"),
            [3] = new("template", Form.Message, "PodTemplateSpec"),
        },
        ["LabelSelector"] = new() { [1] = new("matchLabels", Form.TextMap) },
        ["Job"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta"), [2] = new("spec", Form.Message, "JobSpec") },
        ["JobSpec"] = new()
        {
            [1] = new("parallelism", Form.Number),
            [2] = new("completions", Form.Number),
            [3] = new("activeDeadlineSeconds", Form.Number),
            [6] = new("template", Form.Message, "PodTemplateSpec"),
            [7] = new("backoffLimit", Form.Number),
            [8] = new("ttlSecondsAfterFinished", Form.Number),
            [9] = new("completionMode", Form.Text),
            [10] = new("suspend", Form.Flag),
            [14] = new("podReplacementPolicy", Form.Text),
        },
        ["PodTemplateSpec"] = new() { [1] = new("metadata", Form.Message, "ObjectMeta"), [2] = new("spec", Form.Message, "PodSpec") },
        ["PodSpec"] = new()
        {
            [2] = new("containers", Form.Message, "Container", Repeated: true),
            [3] = new("restartPolicy", Form.Text),
            [4] = new("terminationGracePeriodSeconds", Form.Number),
            [6] = new("dnsPolicy", Form.Text),
            [8] = new("serviceAccountName", Form.Text),
            [9] = new("serviceAccount", Form.Text),
            [19] = new("schedulerName", Form.Text),
        },
        ["Container"] = new()
        {
            [1] = new("name", Form.Text),
            [2] = new("image", Form.Text),
            [3] = new("command", Form.Text, Repeated: true),
            [4] = new("args", Form.Text, Repeated: true),
            [5] = new("workingDir", Form.Text),
            [6] = new("ports", Form.Message, "ContainerPort", Repeated: true),
            [7] = new("env", Form.Message, "EnvVar", Repeated: true),
            [13] = new("terminationMessagePath", Form.Text),
            [14] = new("imagePullPolicy", Form.Text),
            [20] = new("terminationMessagePolicy", Form.Text),
        },
        ["ContainerPort"] = new()
        {
            [1] = new("name", Form.Text),
            [3] = new("containerPort", Form.Number),
            [4] = new("protocol", Form.Text),
        },
        ["EnvVar"] = new() { [1] = new("name", Form.Text), [2] = new("value", Form.Text) },
    };

    public static bool IsProtobuf(ReadOnlyMemory<byte> body) => body.Span.StartsWith(Magic);

    public static JsonObject Read(ReadOnlyMemory<byte> body)
    {
        var at = Magic.Length;
        string apiVersion = "", kind = "";
        var raw = ReadOnlyMemory<byte>.Empty;
        while (NextField(body, ref at, out var number, out var content, out _))
        {
            if (number == 1)
            {
                var inner = 0;
                while (NextField(content, ref inner, out var part, out var text, out _))
                {
                    _ = part == 1 ? apiVersion = Encoding.UTF8.GetString(text.Span) : kind = Encoding.UTF8.GetString(text.Span);
                }
            }
            else if (number == 2)
            {
                raw = content;
            }
        }

        if (!Messages.ContainsKey(kind))
        {
            throw Unsupported(kind);
        }

        var obj = ReadMessage(kind, raw);
        obj["apiVersion"] = apiVersion;
        obj["kind"] = kind;
        return obj;
    }

    private static JsonObject ReadMessage(string message, ReadOnlyMemory<byte> body)
    {
        var obj = new JsonObject();
        var at = 0;
        while (NextField(body, ref at, out var number, out var content, out var value))
        {
            // Zero values are written too; they say nothing.
            if (content.IsEmpty && value == 0)
            {
                continue;
            }

            if (!Messages[message].TryGetValue(number, out var field))
            {
                if (!IsHollow(content) || value != 0)
                {
                    throw Unsupported($"field {number} of {message}");
                }

                continue;
            }

            switch (field.Form)
            {
                case Form.TextMap or Form.BytesMap:
                    var (key, mapped) = ReadEntry(content, field.Form);
                    obj.Child(field.Name)[key] = mapped;
                    break;
                case var _ when field.Repeated:
                    obj.SetDefault(field.Name, new JsonArray());
                    ((JsonArray)obj[field.Name]!).Add(ReadValue(field, content, value));
                    break;
                default:
                    obj[field.Name] = ReadValue(field, content, value);
                    break;
            }
        }

        return obj;
    }

    private static JsonNode? ReadValue(Field field, ReadOnlyMemory<byte> content, long value) => field.Form switch
    {
        Form.Text => Encoding.UTF8.GetString(content.Span),
        Form.Bytes or Form.BytesMap => Convert.ToBase64String(content.Span),
        Form.Number => value,
        Form.Flag => value != 0,
        Form.Message => ReadMessage(field.Message, content),
        Form.TextMap => null,
        _ => throw new InvalidOperationException("unknown form"),
    };

    private static (string Key, string Value) ReadEntry(ReadOnlyMemory<byte> entry, Form form)
    {
        var at = 0;
        string key = "", value = "";
        while (NextField(entry, ref at, out var number, out var content, out _))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(content.Span);
            }
            else
            {
                value = form == Form.BytesMap ? Convert.ToBase64String(content.Span) : Encoding.UTF8.GetString(content.Span);
            }
        }

        return (key, value);
    }

    /// <summary>A message whose every field is zero or hollow itself, such as an empty status.</summary>
    private static bool IsHollow(ReadOnlyMemory<byte> content)
    {
        var at = 0;
        try
        {
            while (NextField(content, ref at, out _, out var below, out var value))
            {
                if (value != 0 || !IsHollow(below))
                {
                    return false;
                }
            }
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException or ApiException)
        {
            // Not a message at all, so it is a text that says something.
            return false;
        }

        return true;
    }

    private static bool NextField(ReadOnlyMemory<byte> body, ref int at, out int number, out ReadOnlyMemory<byte> content, out long value)
    {
        (number, content, value) = (0, ReadOnlyMemory<byte>.Empty, 0);
        if (at >= body.Length)
        {
            return false;
        }

        var tag = Varint(body, ref at);
        number = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                value = Varint(body, ref at);
                return true;
            case 2:
                var length = (int)Varint(body, ref at);
                content = body.Slice(at, length);
                at += length;
                return true;
            default:
                throw Unsupported($"wire type {tag & 7}");
        }
    }

    private static long Varint(ReadOnlyMemory<byte> body, ref int at)
    {
        long result = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = body.Span[at++];
            result |= (long)(next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                return result;
            }
        }
    }

    private static ApiException Unsupported(string what) =>
        ApiException.UnsupportedMediaType($"this server reads protobuf for a few kinds only, and not {what}: apply a YAML file instead");
}
