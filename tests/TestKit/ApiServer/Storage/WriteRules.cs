using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>What a write may change, what it must satisfy, and whether it changed anything; all without looking at the store.</summary>
internal static class WriteRules
{
    public static JsonObject Skeleton(ResourceKind kind, string ns, string name)
    {
        var meta = new JsonObject { ["name"] = name };
        if (kind.Namespaced)
        {
            meta["namespace"] = ns;
        }

        return new JsonObject { ["apiVersion"] = kind.ApiVersion, ["kind"] = kind.Kind, ["metadata"] = meta };
    }

    public static void PrepareApplied(ResourceKind kind, JsonObject applied, string ns, string name, WriteContext context)
    {
        applied.DropNulls();
        if (applied.Text("metadata", "managedFields") is not null || applied.At("metadata", "managedFields") is JsonArray { Count: > 0 })
        {
            throw ApiException.BadRequest("metadata.managedFields must be nil");
        }

        var meta = applied.Meta();
        meta.Remove("managedFields");
        meta["name"] = name;
        if (kind.Namespaced)
        {
            meta["namespace"] = ns;
        }

        if (kind.Schema is { } schema)
        {
            RefuseUnknown(kind, SchemaPruning.PruneRoot(schema, applied), context);
        }

        if (context.IsStatus)
        {
            foreach (var member in applied.Select(p => p.Key).Where(p => p is not ("apiVersion" or "kind" or "metadata" or "status")).ToList())
            {
                applied.Remove(member);
            }

            foreach (var member in meta.Select(p => p.Key).Where(p => p is not ("name" or "namespace" or "resourceVersion" or "uid")).ToList())
            {
                meta.Remove(member);
            }
        }
        else if (kind.HasStatus)
        {
            applied.Remove("status");
        }
    }

    public static void CheckPreconditions(ResourceKind kind, JsonObject live, JsonObject incoming, bool mustNameVersion)
    {
        var version = incoming.Text("metadata", "resourceVersion") ?? "";
        if (version.Length == 0 && mustNameVersion)
        {
            throw ApiException.Invalid(
                kind, incoming.Name(), [FieldError.Invalid("metadata.resourceVersion", "0x0", "must be specified for an update")]);
        }

        if (version.Length > 0 && version != live.Text("metadata", "resourceVersion"))
        {
            throw ApiException.Modified(kind, incoming.Name());
        }

        if (incoming.Text("metadata", "uid") is { Length: > 0 } uid && uid != live.Text("metadata", "uid"))
        {
            throw ApiException.Conflict(
                kind, incoming.Name(), $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Text("metadata", "uid")}");
        }
    }

    /// <summary>The next object: what this endpoint may change comes from the request, everything else from the stored one.</summary>
    public static JsonObject Compose(ResourceKind kind, JsonObject live, JsonObject incoming, WriteContext context)
    {
        JsonObject next;
        if (context.IsStatus)
        {
            next = live.Copy();
            next.TakeFrom(incoming, "status");
            if (incoming.At("metadata", "managedFields") is { } managed)
            {
                next.Meta()["managedFields"] = managed.DeepClone();
            }
        }
        else
        {
            next = incoming.Copy();
            if (kind.HasStatus && context.Manager.Length > 0)
            {
                next.TakeFrom(live, "status");
            }
        }

        var was = live["metadata"] as JsonObject;
        if (context.Manager.Length == 0)
        {
            next.Meta().TakeFrom(was, "managedFields");
        }

        foreach (var serverOwned in (string[])
            ["name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"])
        {
            next.Meta().TakeFrom(was, serverOwned);
        }

        return next;
    }

    public static void Admit(ResourceKind kind, JsonObject obj, WriteContext context)
    {
        obj["apiVersion"] = kind.ApiVersion;
        obj["kind"] = kind.Kind;
        if (kind.Schema is not { } schema)
        {
            obj.DropNulls();
            kind.Defaults?.Invoke(obj);
            if (kind.Resource == BuiltInKinds.CustomResourceDefinitions)
            {
                CustomKinds.Establish(obj, context.Now);
            }

            BuiltInValidation.Check(kind, obj);
            return;
        }

        obj.Meta().DropNulls();
        RefuseUnknown(kind, SchemaPruning.PruneRoot(schema, obj), context);
        SchemaPruning.Default(schema, obj);
        var errors = SchemaValidator.Validate(schema, obj);
        if (errors.Count > 0)
        {
            throw ApiException.Invalid(kind, obj.Name(), errors);
        }
    }

    private static void RefuseUnknown(ResourceKind kind, IReadOnlyList<string> unknown, WriteContext context)
    {
        if (unknown.Count > 0 && context.Validation == FieldValidation.Strict)
        {
            var list = string.Join(", ", unknown.Select(u => $"unknown field \"{u}\""));
            throw ApiException.BadRequest($"{kind.Kind} in version \"{kind.Resource.Version}\" cannot be handled as a {kind.Kind}: strict decoding error: {list}");
        }
    }

    public static void CheckFinalizers(ResourceKind kind, JsonObject live, JsonObject next)
    {
        if (live.IsTerminating())
        {
            var added = Finalizers(next).Except(Finalizers(live)).ToList();
            if (added.Count > 0)
            {
                throw ApiException.Invalid(kind, next.Name(), [FieldError.Forbidden(
                    "metadata.finalizers",
                    $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(a => $"\"{a}\""))}}}")]);
            }
        }
    }

    public static List<string> Finalizers(JsonObject obj) => [.. (obj.At("metadata", "finalizers") as JsonArray ?? []).Select(f => f.Text() ?? "")];

    public static bool IntentChanged(ResourceKind kind, JsonObject live, JsonObject next) => kind.IsCustom
        ? !JsonNode.DeepEquals(IntentOf(live), IntentOf(next))
        : !JsonNode.DeepEquals(live["spec"], next["spec"]);

    private static JsonObject IntentOf(JsonObject obj) =>
        new(obj.Where(p => p.Key is not ("metadata" or "status")).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));

    public static bool SameButForVersion(JsonObject live, JsonObject next)
    {
        var a = live.Copy();
        var b = next.Copy();
        a.Meta().Remove("resourceVersion");
        b.Meta().Remove("resourceVersion");
        return JsonNode.DeepEquals(a, b);
    }
}
