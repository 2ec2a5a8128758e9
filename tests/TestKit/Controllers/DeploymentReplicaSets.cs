using System.Globalization;
using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;

namespace PatchOperator.TestKit.Controllers;

internal static class ReplicaSetFields
{
    public static int Replicas(this JsonObject set) => set.Number("spec", "replicas") ?? 1;

    public static int Available(this JsonObject set) => set.Number("status", "availableReplicas") ?? 0;

    public static int Revision(this JsonObject set) =>
        int.TryParse(set.Annotation(ObjectMetadata.RevisionAnnotation), NumberStyles.Integer, CultureInfo.InvariantCulture, out var revision) ? revision : 0;
}

/// <summary>The ReplicaSets of a Deployment: which are its own, which is current, how they are made, sized and forgotten.</summary>
internal sealed class DeploymentReplicaSets(IObjectStore store)
{
    private const string DesiredAnnotation = "deployment.kubernetes.io/desired-replicas";
    private const string MaxAnnotation = "deployment.kubernetes.io/max-replicas";

    /// <summary>Adopts matching ReplicaSets nobody controls, lets go of those that no longer match.</summary>
    public List<JsonObject> Claim(JsonObject deployment)
    {
        var claimed = new List<JsonObject>();
        foreach (var set in store.List(ResourceName.ReplicaSets, deployment.Namespace()))
        {
            var matches = LabelSelector.Matches(deployment.At("spec", "selector"), set.Labels());
            if (set.IsControlledBy(deployment))
            {
                if (matches)
                {
                    claimed.Add(set);
                }
                else if (!set.IsTerminating())
                {
                    set.RemoveOwner(deployment.Uid());
                    store.Update(ResourceName.ReplicaSets, set);
                }
            }
            else if (matches && set.Controller() is null && !set.IsTerminating() && !deployment.IsTerminating())
            {
                set.AddOwner(deployment.ControllerReference("apps/v1", "Deployment"));
                claimed.Add(store.Update(ResourceName.ReplicaSets, set));
            }
        }

        return claimed;
    }

    public static JsonObject? Current(JsonObject deployment, List<JsonObject> all) => all
        .OrderBy(set => set.Created())
        .FirstOrDefault(set => PodTemplateHash.SameTemplate(set.At("spec", "template") as JsonObject, deployment.At("spec", "template") as JsonObject));

    /// <summary>Whether the Deployment was resized since its ReplicaSets were.</summary>
    public static bool IsScaling(List<JsonObject> all, Rollout rollout) => all.Exists(set =>
        set.Replicas() > 0 && set.Annotation(DesiredAnnotation) is { } desired && desired != Text(rollout.Replicas));

    /// <summary>Makes the ReplicaSet of the current template if it is not there, and gives it and the Deployment the newest revision number.</summary>
    public JsonObject EnsureCurrent(ref JsonObject deployment, Rollout rollout, List<JsonObject> all, JsonObject? current)
    {
        var uid = current?.Uid();
        var newestOther = all.Where(set => set.Uid() != uid).Select(set => set.Revision()).DefaultIfEmpty(0).Max();
        var revision = Text(Math.Max(newestOther + 1, current?.Revision() ?? 0));
        if (current is null)
        {
            current = Create(deployment, rollout, all, revision);
            all.Add(current);
        }
        else if (current.Annotation(ObjectMetadata.RevisionAnnotation) != revision || (current.Number("spec", "minReadySeconds") ?? 0) != rollout.MinReadySeconds)
        {
            current.Child("metadata").Child("annotations")[ObjectMetadata.RevisionAnnotation] = revision;
            current.Child("spec")["minReadySeconds"] = rollout.MinReadySeconds;
            Store(current);
        }

        if (deployment.Annotation(ObjectMetadata.RevisionAnnotation) != revision)
        {
            deployment.Child("metadata").Child("annotations")[ObjectMetadata.RevisionAnnotation] = revision;
            deployment = store.Update(ResourceName.Deployments, deployment);
        }

        return current;
    }

    /// <returns>Whether anything had to be written.</returns>
    public bool SetReplicas(Rollout rollout, JsonObject set, int replicas)
    {
        var desired = Text(rollout.Replicas);
        var max = Text(rollout.MaxTotal);
        if (set.Replicas() == replicas && set.Annotation(DesiredAnnotation) == desired && set.Annotation(MaxAnnotation) == max)
        {
            return false;
        }

        set.Child("spec")["replicas"] = replicas;
        var annotations = set.Child("metadata").Child("annotations");
        annotations[DesiredAnnotation] = desired;
        annotations[MaxAnnotation] = max;
        Store(set);
        return true;
    }

    /// <summary>Follows a change of <c>spec.replicas</c>: alone, the one live ReplicaSet takes it; in mid-rollout all take their share.</summary>
    public void Scale(Rollout rollout, List<JsonObject> all, JsonObject? current)
    {
        var active = all.Where(set => set.Replicas() > 0).ToList();
        if (active.Count <= 1)
        {
            if ((active.FirstOrDefault() ?? current ?? all.MaxBy(set => set.Revision())) is { } only)
            {
                SetReplicas(rollout, only, rollout.Replicas);
            }

            return;
        }

        var toAdd = rollout.MaxTotal - active.Sum(set => set.Replicas());
        var added = 0;
        var sizes = new Dictionary<JsonObject, int>();
        var largestFirst = active.OrderByDescending(set => set.Replicas()).ThenByDescending(set => toAdd > 0 ? set.Revision() : -set.Revision()).ToList();
        foreach (var set in largestFirst)
        {
            var before = int.TryParse(set.Annotation(MaxAnnotation), NumberStyles.Integer, CultureInfo.InvariantCulture, out var max) && max > 0 ? max : rollout.MaxTotal;
            var share = (int)Math.Round((double)set.Replicas() * rollout.MaxTotal / Math.Max(1, before), MidpointRounding.AwayFromZero) - set.Replicas();
            share = toAdd > 0 ? Math.Clamp(share, 0, toAdd - added) : Math.Clamp(share, toAdd - added, 0);
            sizes[set] = set.Replicas() + share;
            added += share;
        }

        // What rounding left over goes to the largest.
        sizes[largestFirst[0]] = Math.Max(0, sizes[largestFirst[0]] + toAdd - added);
        foreach (var (set, size) in sizes)
        {
            SetReplicas(rollout, set, size);
        }
    }

    /// <summary>Keeps the newest empty ReplicaSets for a rollback and deletes the others.</summary>
    public void TrimHistory(Rollout rollout, List<JsonObject> old)
    {
        var empty = old.Where(set => set.Replicas() == 0 && (set.Number("status", "replicas") ?? 0) == 0
            && set.Number("status", "observedGeneration") >= set.Generation() && !set.IsTerminating()).OrderBy(set => set.Revision()).ToList();
        foreach (var set in empty.Take(Math.Max(0, old.Count - rollout.RevisionHistoryLimit)))
        {
            store.Delete(ResourceName.ReplicaSets, set.Namespace(), set.Name());
        }
    }

    private JsonObject Create(JsonObject deployment, Rollout rollout, List<JsonObject> all, string revision)
    {
        var source = deployment.At("spec", "template") as JsonObject ?? [];
        var (name, hash) = FreeName(deployment, source);
        var template = source.Copy();
        template.Child("metadata").Child("labels")[ObjectMetadata.TemplateHashLabel] = hash;
        var selector = (deployment.At("spec", "selector") as JsonObject)?.Copy() ?? [];
        selector.Child("matchLabels")[ObjectMetadata.TemplateHashLabel] = hash;
        var set = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = deployment.Namespace(),
                ["labels"] = template.At("metadata", "labels")?.DeepClone(),
                ["annotations"] = new JsonObject
                {
                    [ObjectMetadata.RevisionAnnotation] = revision,
                    [DesiredAnnotation] = Text(rollout.Replicas),
                    [MaxAnnotation] = Text(rollout.MaxTotal),
                },
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = rollout.NewReplicaSetSize(0, all.Sum(other => other.Replicas())),
                ["minReadySeconds"] = rollout.MinReadySeconds,
                ["selector"] = selector,
                ["template"] = template,
            },
            ["status"] = new JsonObject { ["replicas"] = 0 },
        };
        set.AddOwner(deployment.ControllerReference("apps/v1", "Deployment"));
        return store.Create(ResourceName.ReplicaSets, set);
    }

    /// <summary>A ReplicaSet of that name may belong to somebody else; Kubernetes then counts collisions into the hash.</summary>
    private (string Name, string Hash) FreeName(JsonObject deployment, JsonObject template)
    {
        for (var collisions = 0; ; collisions++)
        {
            var hash = PodTemplateHash.Of(template, collisions);
            var name = $"{deployment.Name()}-{hash}";
            if (store.Get(ResourceName.ReplicaSets, deployment.Namespace(), name) is null)
            {
                return (name, hash);
            }
        }
    }

    /// <summary>Writes and takes over what the store made of it, so that later writes in the same pass do not conflict.</summary>
    private void Store(JsonObject set)
    {
        var stored = store.Update(ResourceName.ReplicaSets, set);
        set["metadata"] = stored["metadata"]?.DeepClone();
        set["spec"] = stored["spec"]?.DeepClone();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
