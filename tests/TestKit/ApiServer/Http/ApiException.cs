using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One rejected field, worded as Kubernetes does: <c>spec.x: Invalid value: 3: …</c>.</summary>
internal sealed record FieldError(string Path, string Reason, string Text)
{
    public static FieldError Invalid(string path, string value, string text) => new(path, "FieldValueInvalid", $"Invalid value: {value}: {text}");

    public static FieldError Required(string path) => new(path, "FieldValueRequired", "Required value");

    public static FieldError Forbidden(string path, string text) => new(path, "FieldValueForbidden", $"Forbidden: {text}");

    public override string ToString() => $"{Path}: {Text}";
}

/// <summary>A refusal that is answered as a <c>Status</c> object.</summary>
internal sealed class ApiException(int code, string reason, string message) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    public JsonObject? Details { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public static ApiException NotFound(ResourceKind kind, string name) =>
        new(404, "NotFound", $"{kind.QualifiedPlural} \"{name}\" not found") { Details = Describe(kind, name) };

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource");

    public static ApiException AlreadyExists(ResourceKind kind, string name) =>
        new(409, "AlreadyExists", $"{kind.QualifiedPlural} \"{name}\" already exists") { Details = Describe(kind, name) };

    public static ApiException Conflict(ResourceKind kind, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.QualifiedPlural} \"{name}\": {why}") { Details = Describe(kind, name) };

    public static ApiException Modified(ResourceKind kind, string name) =>
        Conflict(kind, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException UnsupportedMediaType(string message) => new(415, "UnsupportedMediaType", message);

    public static ApiException Invalid(ResourceKind kind, string name, IReadOnlyList<FieldError> errors)
    {
        var text = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]";
        var details = new JsonObject { ["name"] = name, ["group"] = kind.Resource.Group, ["kind"] = kind.Kind };
        details["causes"] = new JsonArray([.. errors.Select(e =>
            new JsonObject { ["reason"] = e.Reason, ["message"] = e.Text, ["field"] = e.Path })]);
        return new ApiException(422, "Invalid", $"{kind.QualifiedKind} \"{name}\" is invalid: {text}") { Details = details };
    }

    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        var details = Details?.Copy();
        if (RetryAfterSeconds is { } seconds)
        {
            details ??= [];
            details["retryAfterSeconds"] = seconds;
        }

        if (details is not null)
        {
            status["details"] = details;
        }

        status["code"] = Code;
        return status;
    }

    private static JsonObject Describe(ResourceKind kind, string name) =>
        new() { ["name"] = name, ["group"] = kind.Resource.Group, ["kind"] = kind.Resource.Plural };
}
