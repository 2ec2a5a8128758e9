using System.Text.Json.Nodes;
using static PatchOperator.TestKit.ApiServer.WriteRules;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The rules of the API between the wire and the store: defaults, validation, generations, finalizers, ownership of fields.</summary>
internal sealed class ResourceRegistry(VersionedStore store, KindRegistry kinds, ApiServerOptions options)
{
    private const string Suffixes = "bcdfghjklmnpqrstvwxz2456789";

    public JsonObject Create(ResourceKind kind, JsonObject obj, WriteContext context)
    {
        lock (store.Gate)
        {
            var next = obj.Copy();
            var meta = next.Meta();
            if (meta.Text("name") is not { Length: > 0 })
            {
                var prefix = meta.Text("generateName") is { Length: > 0 } given
                    ? given
                    : throw ApiException.Invalid(kind, "", [new FieldError("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")]);
                meta["name"] = prefix + new string([.. Enumerable.Range(0, 5).Select(_ => Suffixes[Random.Shared.Next(Suffixes.Length)])]);
            }

            if (meta.Text("resourceVersion") is { Length: > 0 })
            {
                throw ApiException.BadRequest("resourceVersion should not be set on objects to be created");
            }

            NameRules.Check(kind, next.Name());
            RequireNamespace(kind, next);
            foreach (var serverOwned in (string[])["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"])
            {
                meta.Remove(serverOwned);
            }

            // The simulated controllers may create an object with its status in one go; clients may not.
            if (kind.HasStatus && context.Manager.Length > 0)
            {
                next.Remove("status");
            }

            meta["uid"] = Guid.NewGuid().ToString();
            meta["creationTimestamp"] = context.Now.Timestamp();
            Admit(kind, next, context);

            // Asked last, as in Kubernetes: an invalid object is reported as invalid, whether its name is taken or not.
            if (store.Find(kind.Resource, next.Namespace(), next.Name()) is not null)
            {
                throw ApiException.AlreadyExists(kind, next.Name());
            }

            if (kind.IsCustom || kind.HasStatus)
            {
                meta["generation"] = 1;
            }

            // Apply has done its own books.
            if (context.Manager.Length > 0 && ManagedFields.Read(next) is not [{ Operation: "Apply" }])
            {
                ManagedFields.TrackUpdate(kind, null, next, context);
            }

            if (context.DryRun)
            {
                return next;
            }

            return Store(kind, next);
        }
    }

    /// <param name="mustNameVersion">A PUT of a custom resource needs a resourceVersion; a patch does not.</param>
    public JsonObject Update(ResourceKind kind, JsonObject incoming, WriteContext context, bool mustNameVersion = false, bool isApply = false)
    {
        lock (store.Gate)
        {
            var live = Require(kind, incoming.Namespace(), incoming.Name());
            CheckPreconditions(kind, live, incoming, mustNameVersion);
            var next = Compose(kind, live, incoming, context);
            Admit(kind, next, context);
            CheckFinalizers(kind, live, next);
            var generation = live.Integer("metadata", "generation");
            if (generation is not null)
            {
                next.Meta()["generation"] = generation + (IntentChanged(kind, live, next) ? 1 : 0);
            }

            if (!isApply && context.Manager.Length > 0)
            {
                ManagedFields.TrackUpdate(kind, live, next, context);
            }

            if (SameButForVersion(live, next) || context.DryRun)
            {
                return context.DryRun ? next : live.Copy();
            }

            return IsFinished(kind, next) ? Remove(kind, next) : Store(kind, next);
        }
    }

    public JsonObject Apply(ResourceKind kind, string ns, string name, JsonObject configuration, WriteContext context, bool force)
    {
        lock (store.Gate)
        {
            var applied = configuration.Copy();
            PrepareApplied(kind, applied, ns, name, context);
            if (store.Find(kind.Resource, ns, name)?.Value is not { } live)
            {
                if (context.Subresource.Length > 0)
                {
                    throw ApiException.NotFound(kind, name);
                }

                if (applied.Text("metadata", "resourceVersion") is { Length: > 0 })
                {
                    throw ApiException.Modified(kind, name);
                }

                return Create(kind, ServerSideApply.Merge(kind, Skeleton(kind, ns, name), applied, context, force), context);
            }

            CheckPreconditions(kind, live, applied, mustNameVersion: false);
            applied.Meta().Remove("resourceVersion");
            applied.Meta().Remove("uid");
            return Update(kind, ServerSideApply.Merge(kind, live, applied, context, force), context, isApply: true);
        }
    }

    /// <returns>The object as it was removed, or as it waits for its finalizers.</returns>
    public (JsonObject Object, bool Removed) Delete(ResourceKind kind, string ns, string name, DeleteOptions delete)
    {
        lock (store.Gate)
        {
            var next = Require(kind, ns, name).Copy();
            if ((delete.Uid is { } uid && uid != next.Text("metadata", "uid"))
                || (delete.ResourceVersion is { } version && version != next.Text("metadata", "resourceVersion")))
            {
                throw ApiException.Conflict(kind, name, "the precondition of the delete does not hold: the object is another one or has been modified");
            }

            var before = next.Copy();
            MarkDeleted(kind, next, delete);
            if (delete.DryRun)
            {
                return (next, false);
            }

            if (IsFinished(kind, next))
            {
                return (Remove(kind, next), true);
            }

            var stored = SameButForVersion(before, next) ? before : Store(kind, next);
            if (kind.Resource == BuiltInKinds.Namespaces)
            {
                EmptyNamespace(name);
            }

            return (stored, false);
        }
    }

    private JsonObject Require(ResourceKind kind, string ns, string name) =>
        store.Find(kind.Resource, ns, name)?.Value ?? throw ApiException.NotFound(kind, name);

    private void RequireNamespace(ResourceKind kind, JsonObject obj)
    {
        var ns = obj.Namespace();
        if (!kind.Namespaced)
        {
            obj.Meta().Remove("namespace");
            return;
        }

        var namespaces = kinds.Get(BuiltInKinds.Namespaces);
        if (store.Find(BuiltInKinds.Namespaces, "", ns)?.Value is { } owner)
        {
            if (owner.IsTerminating())
            {
                throw new ApiException(
                    403,
                    "Forbidden",
                    $"{kind.QualifiedPlural} \"{obj.Name()}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated");
            }
        }
        else if (options.CreateMissingNamespaces)
        {
            Create(namespaces, new JsonObject { ["metadata"] = new JsonObject { ["name"] = ns } }, new WriteContext { Now = options.TimeProvider.GetUtcNow() });
        }
        else
        {
            throw ApiException.NotFound(namespaces, ns);
        }
    }

    private void MarkDeleted(ResourceKind kind, JsonObject obj, DeleteOptions delete)
    {
        var meta = obj.Meta();
        var finalizer = delete.PropagationPolicy switch { "Foreground" => "foregroundDeletion", "Orphan" => "orphan", _ => null };
        if (finalizer is not null && !Finalizers(obj).Contains(finalizer))
        {
            meta["finalizers"] = new JsonArray([.. Finalizers(obj).Append(finalizer).Select(f => (JsonNode)f)]);
        }

        var grace = kind.Resource == ResourceName.Pods
            ? delete.GracePeriodSeconds ?? obj.Integer("spec", "terminationGracePeriodSeconds") ?? 30
            : 0;
        if (meta.Text("deletionTimestamp") is null)
        {
            meta["deletionTimestamp"] = options.TimeProvider.GetUtcNow().AddSeconds(grace).Timestamp();
            meta["deletionGracePeriodSeconds"] = grace;
            if (meta.Integer("generation") is { } generation)
            {
                meta["generation"] = generation + 1;
            }
        }
        else if (meta.Integer("deletionGracePeriodSeconds") > grace)
        {
            meta["deletionGracePeriodSeconds"] = grace;
        }

        if (kind.Resource == BuiltInKinds.Namespaces)
        {
            obj.Child("status")["phase"] = "Terminating";
        }
    }

    private bool IsFinished(ResourceKind kind, JsonObject obj) =>
        obj.IsTerminating()
        && Finalizers(obj).Count == 0
        && (obj.Integer("metadata", "deletionGracePeriodSeconds") ?? 0) == 0
        && (kind.Resource != BuiltInKinds.Namespaces || !store.AnyIn(obj.Name()));

    private JsonObject Store(ResourceKind kind, JsonObject obj)
    {
        var stored = store.Put(kind.Resource, obj).Value;
        if (kind.Resource == BuiltInKinds.CustomResourceDefinitions)
        {
            kinds.Define(stored);
        }

        return stored.Copy();
    }

    private JsonObject Remove(ResourceKind kind, JsonObject obj)
    {
        var ns = obj.Namespace();
        var last = store.Remove(kind.Resource, ns, obj.Name())!.Value.Copy();
        if (kind.Resource == BuiltInKinds.CustomResourceDefinitions)
        {
            RemoveInstances(last);
        }

        // The namespace waits for its content, as with the real namespace controller.
        if (kind.Namespaced && store.Find(BuiltInKinds.Namespaces, "", ns)?.Value is { } owner && IsFinished(kinds.Get(BuiltInKinds.Namespaces), owner))
        {
            store.Remove(BuiltInKinds.Namespaces, "", ns);
        }

        return last;
    }

    private void RemoveInstances(JsonObject definition)
    {
        foreach (var custom in CustomKinds.From(definition))
        {
            foreach (var instance in store.List(custom.Resource, ns: null))
            {
                store.Remove(custom.Resource, instance.Value.Namespace(), instance.Value.Name());
            }
        }

        kinds.Undefine(definition);
    }

    private void EmptyNamespace(string ns)
    {
        foreach (var (resource, name) in store.AllIn(ns))
        {
            if (kinds.Find(resource) is { } kind && store.Find(resource, ns, name) is not null)
            {
                Delete(kind, ns, name, new DeleteOptions());
            }
        }
    }
}
