using System.Text.Json.Nodes;
using PatchOperator.Runtime;

namespace PatchOperator.Patches;

/// <summary>
/// Makes a canary that exists what its manifest says. A server-side apply would leave fields that others added to the pod template, such as a variable of
/// <c>kubectl set env</c>: so each field of the spec is replaced whole. Labels, annotations and owners that others added stay.
/// </summary>
internal static class CanaryChange
{
    public static JsonPatch Of(JsonObject existing, JsonObject manifest)
    {
        var (now, wanted) = (existing["metadata"]!, manifest["metadata"]!);

        // With the uid it can only hit this very object.
        var change = new JsonPatch().Test(["metadata", "uid"], now["uid"]!.DeepClone());
        foreach (var map in (string[])["labels", "annotations"])
        {
            if (now[map] is not JsonObject)
            {
                change.Add(["metadata", map], wanted[map]);
                continue;
            }

            foreach (var (name, value) in wanted[map]!.AsObject())
            {
                change.Add(["metadata", map, name], value);
            }
        }

        change.Add(["metadata", "ownerReferences"], Owners(now["ownerReferences"] as JsonArray ?? [], wanted["ownerReferences"]!.AsArray()));
        foreach (var (name, value) in manifest["spec"]!.AsObject().Where(field => field.Key is not "selector"))
        {
            change.Add(["spec", name], value);
        }

        // What stable does not say any more, neither does its canary.
        foreach (var dropped in CanaryManifest.KeptOfStable.Where(name => existing["spec"]?[name] is not null && manifest["spec"]![name] is null))
        {
            change.Remove(["spec", dropped]);
        }

        return change;
    }

    private static JsonArray Owners(JsonArray now, JsonArray wanted) =>
        new([.. wanted.Select(w => w!.DeepClone()), .. now.Where(n => wanted.All(w => !JsonNode.DeepEquals(w!["uid"], n!["uid"]))).Select(n => n!.DeepClone())]);
}
