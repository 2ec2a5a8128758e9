using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>Whether a workload can have a canary, and what only the canary's pods get.</summary>
internal static class OverlayRules
{
    private const string OneSource = "exactly one of configMap, secret, persistentVolumeClaim and emptyDir";

    public static void Check(string path, WorkloadSpec workload, ProblemList problems)
    {
        CheckEnabled(path, workload, problems);
        foreach (var (index, variable) in (workload.Canary?.Env).Numbered())
        {
            var variablePath = $"{path}.env[{index}].name";
            if (problems.Required(variablePath, variable.Name, "write the name of an environment variable") && !Shapes.EnvironmentName().IsMatch(variable.Name!))
            {
                problems.Invalid(variablePath, $"'{variable.Name}' cannot be the name of an environment variable; write letters, digits, '-', '_' and '.', no digit first");
            }
        }

        problems.Unique($"{path}.env", workload.Canary?.Env, variable => variable.Name, ".name");
        problems.AtMost($"{path}.volumes", workload.Canary?.Volumes, 20);
        foreach (var (index, volume) in (workload.Canary?.Volumes).Numbered())
        {
            CheckVolume($"{path}.volumes[{index}]", volume, problems);
        }

        problems.Unique($"{path}.volumes", workload.Canary?.Volumes, volume => volume.Name, ".name");
    }

    private static void CheckEnabled(string path, WorkloadSpec workload, ProblemList problems)
    {
        var (field, reason) = workload switch
        {
            { CronJob: not null } => ("cronJob", "it would run twice"),
            { StatefulSet: not null } => ("statefulSet", "a copy of it would need identities and volumes of its own"),
            _ => ("", ""),
        };
        if (field.Length > 0 && workload.Canary?.Enabled is true)
        {
            problems.Invalid($"{path}.enabled", $"a {field} gets no canary, since {reason}; write false or leave it out, and it is patched at promotion");
        }
        else if (workload is { StatefulSet: not null, Role: null or "Web", Canary.Enabled: not false })
        {
            problems.Invalid(
                $"{path}.enabled",
                $"role Web means a canary, and a statefulSet gets none, since {reason}; write canary: {{enabled: false}} if it may be patched at promotion without one, or role Worker if it takes messages from queues");
        }
        else if (workload.Canary is { } canary && (canary.Env is { Count: > 0 } || canary.Volumes is { Count: > 0 }) && !(canary.Enabled ?? workload.Role is null or "Web"))
        {
            problems.Invalid(path, "is for a canary's pods, and this workload has no canary; leave env and volumes out, or write enabled: true");
        }
    }

    private static void CheckVolume(string path, VolumeOverlay volume, ProblemList problems)
    {
        problems.Label($"{path}.name", volume.Name);
        string[] given =
        [
            .. volume.ConfigMap is null ? Array.Empty<string>() : ["configMap"],
            .. volume.Secret is null ? Array.Empty<string>() : ["secret"],
            .. volume.PersistentVolumeClaim is null ? Array.Empty<string>() : ["persistentVolumeClaim"],
            .. volume.EmptyDir is null ? Array.Empty<string>() : ["emptyDir"],
        ];
        if (given.Length != 1)
        {
            problems.Invalid(path, $"{(given.Length == 0 ? "no source is" : $"{string.Join(" and ", given)} are")} given; write {OneSource}");
        }

        foreach (var (field, source) in ((string, NamedReference?)[])[("configMap", volume.ConfigMap), ("secret", volume.Secret), ("persistentVolumeClaim", volume.PersistentVolumeClaim)])
        {
            if (source is not null)
            {
                problems.Name($"{path}.{field}.name", source.Name, Shapes.LongestName);
            }
        }
    }
}
