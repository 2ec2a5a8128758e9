using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Signing;

namespace PatchOperator.Cli.Audit;

/// <summary>What a file says cannot be used; the message is for the user.</summary>
internal sealed class CaseException(string message) : Exception(message);

/// <summary>A case from exported manifests, without a cluster: <c>kubectl get epatch,configmap -o yaml</c>.</summary>
internal static class CaseFiles
{
    /// <param name="texts">YAML or JSON, several documents and Lists each.</param>
    /// <param name="name">Which patch, where there are several.</param>
    /// <param name="keys">Texts with public keys in PEM.</param>
    /// <exception cref="CaseException">There is no patch in it, or more than one and no name.</exception>
    public static AuditCase Read(IEnumerable<string> texts, string? name, IEnumerable<string> keys)
    {
        var objects = texts.SelectMany(text => YamlJson.Read(new StringReader(text))).SelectMany(document => Flatten(document.Root)).ToList();
        var patches = objects.Where(o => Text(o["kind"]) == Names.EmergencyPatchKind && (name is null || Text(o["metadata"]?["name"]) == name)).ToList();
        var maps = objects.Where(o => Text(o["kind"]) == "ConfigMap" && Text(o["metadata"]?["labels"]?[Labels.AuditArchive]) == "true").ToList();
        if (patches.Count > 1)
        {
            throw new CaseException($"there are {patches.Count} EmergencyPatches in the files; name one of {string.Join(", ", patches.Select(p => Text(p["metadata"]?["name"])))}");
        }

        VerifyingKey[] trusted = [.. keys.SelectMany(VerifyingKey.ReadAll)];
        if (patches is [var json])
        {
            EmergencyPatch patch;
            try
            {
                patch = json.Deserialize(DomainJson.Default.EmergencyPatch)!;
            }
            catch (JsonException exception)
            {
                throw new CaseException($"the EmergencyPatch cannot be read: {exception.Message}");
            }

            var evidence = AuditEvidence.Of(patch);
            var own = maps.Where(m => Text(m["metadata"]?["annotations"]?[Annotations.Patch]) == patch.Metadata.Name).Select(AuditArchive.Of).ToArray();
            var isFromStart = AuditChain.Parse(evidence.Annotation) is not [{ Sequence: > 1 }, ..];
            return new AuditCase { Patch = patch, Evidence = evidence with { Archives = own.Length > 0 || isFromStart ? own : null }, Keys = trusted };
        }

        var named = maps.Where(m => name is null || Text(m["metadata"]?["annotations"]?[Annotations.Patch]) == name).ToArray();
        return named.Length > 0 ? OfDeleted(named, trusted) : throw new CaseException(name is null ? "there is no EmergencyPatch in the files" : $"there is no EmergencyPatch {name} in the files");
    }

    /// <summary>The patch was deleted: its records were all put away, the last of them with the seal.</summary>
    private static AuditCase OfDeleted(JsonObject[] maps, IReadOnlyList<VerifyingKey> keys)
    {
        var names = maps.Select(m => Text(m["metadata"]?["annotations"]?[Annotations.Patch]) ?? "").Distinct(StringComparer.Ordinal).ToArray();
        var uids = maps.Select(m => Text(m["metadata"]?["labels"]?[Labels.PatchUid]) ?? "").Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length > 1 || uids.Length > 1)
        {
            throw new CaseException("the ConfigMaps are of more than one EmergencyPatch; give those of one");
        }

        AuditArchive[] archives = [.. maps.Select(AuditArchive.Of)];
        var ns = Text(maps[0]["metadata"]?["namespace"]) ?? "";
        var ring = new KeyRing(keys);
        // Anybody may have put one there that names more; without a key nobody can tell.
        var newest = archives.Select(a => a.Seal).OfType<AuditSeal>().Where(s => s.Uid == uids[0])
            .OrderByDescending(s => AuditSeals.Check(ns, names[0], s, ring.Check) is SealState.Valid).ThenByDescending(s => s.Sequence).FirstOrDefault();
        return new AuditCase
        {
            Evidence = new AuditEvidence
            {
                Namespace = ns,
                Name = names[0],
                Uid = uids[0],
                Seal = newest is null ? null : AuditSeals.Format(newest),
                Archives = archives,
            },
            Keys = keys,
        };
    }

    private static IEnumerable<JsonObject> Flatten(JsonNode? root) => root switch
    {
        JsonObject list when Text(list["kind"])?.EndsWith("List", StringComparison.Ordinal) is true && list["items"] is JsonArray items => items.OfType<JsonObject>().SelectMany(Flatten),
        JsonObject single => [single],
        _ => [],
    };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
