using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Patches;

/// <summary>What only the canary's pods get: a cache prefix of their own, another file in a volume.</summary>
internal static class CanaryOverlays
{
    /// <param name="pod">The canary's pod spec, which is changed.</param>
    /// <param name="action">Names the patched containers and the overlay.</param>
    public static void Lay(JsonObject pod, EnsureCanary action)
    {
        foreach (var container in PodContainers.Of(pod).Where(c => action.Images.Any(i => i.Container == c["name"]!.GetValue<string>())))
        {
            foreach (var variable in action.Overlay?.Env ?? [])
            {
                Set(container, variable);
            }
        }

        foreach (var volume in action.Overlay?.Volumes ?? [])
        {
            Replace(pod, volume);
        }
    }

    /// <summary>In its old place, where it has one: later variables may refer to it.</summary>
    private static void Set(JsonObject container, EnvVar variable)
    {
        var value = new JsonObject { ["name"] = variable.Name, ["value"] = variable.Value ?? "" };
        var env = container["env"] as JsonArray;
        if (env is null)
        {
            container["env"] = env = [];
        }

        var at = Enumerable.Range(0, env.Count).FirstOrDefault(i => env[i]!["name"]?.GetValue<string>() == variable.Name, -1);
        if (at < 0)
        {
            env.Add((JsonNode)value);
        }
        else
        {
            env[at] = value;
        }
    }

    /// <summary>Another source of the same kind keeps what else was said of it: items, modes, optional.</summary>
    private static void Replace(JsonObject pod, VolumeOverlay overlay)
    {
        if (pod["volumes"] is not JsonArray volumes || volumes.OfType<JsonObject>().FirstOrDefault(v => v["name"]?.GetValue<string>() == overlay.Name) is not { } before)
        {
            // It was there at the start; without it nothing mounts it either.
            return;
        }

        var (kind, member, name) = overlay switch
        {
            { ConfigMap: { } map } => ("configMap", "name", map.Name),
            { Secret: { } secret } => ("secret", "secretName", secret.Name),
            { PersistentVolumeClaim: { } claim } => ("persistentVolumeClaim", "claimName", claim.Name),
            _ => ("emptyDir", "", null),
        };
        var source = before[kind]?.DeepClone().AsObject() ?? [];
        if (name is not null)
        {
            source[member] = name;
        }

        volumes[volumes.IndexOf(before)] = new JsonObject { ["name"] = overlay.Name, [kind] = source };
    }
}
