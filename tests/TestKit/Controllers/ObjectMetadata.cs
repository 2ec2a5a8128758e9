using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

internal readonly record struct ObjectKey(string Namespace, string Name);

internal static class ObjectMetadata
{
    public const string RevisionAnnotation = "deployment.kubernetes.io/revision";
    public const string TemplateHashLabel = "pod-template-hash";

    public static string Namespace(this JsonObject obj) => obj.Text("metadata", "namespace") ?? "";

    public static string Name(this JsonObject obj) => obj.Text("metadata", "name") ?? "";

    public static ObjectKey Key(this JsonObject obj) => new(obj.Namespace(), obj.Name());

    public static string Uid(this JsonObject obj) => obj.Text("metadata", "uid") ?? "";

    public static int Generation(this JsonObject obj) => obj.Number("metadata", "generation") ?? 0;

    public static JsonObject? Labels(this JsonObject obj) => obj.At("metadata", "labels") as JsonObject;

    public static string? Annotation(this JsonObject obj, string name) => obj.Text("metadata", "annotations", name);

    public static DateTimeOffset Created(this JsonObject obj) => obj.Time("metadata", "creationTimestamp") ?? DateTimeOffset.MinValue;

    public static bool IsTerminating(this JsonObject obj) => obj.At("metadata", "deletionTimestamp") is not null;

    /// <summary>The one owner reference that says <c>controller: true</c>.</summary>
    public static JsonObject? Controller(this JsonObject obj) => obj.Items("metadata", "ownerReferences").FirstOrDefault(owner => owner.Flag("controller"));

    public static bool IsControlledBy(this JsonObject obj, JsonObject owner) => obj.Controller().Text("uid") is { } uid && uid == owner.Uid();

    public static JsonObject ControllerReference(this JsonObject owner, string apiVersion, string kind) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static void AddOwner(this JsonObject obj, JsonObject reference)
    {
        var metadata = obj.Child("metadata");
        if (metadata["ownerReferences"] is not JsonArray owners)
        {
            metadata["ownerReferences"] = owners = [];
        }

        owners.Add(reference);
    }

    /// <returns>Whether there was such an owner.</returns>
    public static bool RemoveOwner(this JsonObject obj, string uid)
    {
        if (obj.At("metadata", "ownerReferences") is not JsonArray owners)
        {
            return false;
        }

        var removed = owners.RemoveAll(owner => owner.Text("uid") == uid) > 0;
        if (removed && owners.Count == 0)
        {
            obj.Child("metadata").Remove("ownerReferences");
        }

        return removed;
    }
}
