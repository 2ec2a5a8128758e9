using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Domain.Validation;

/// <summary>What is patched, and with which images.</summary>
internal static class WorkloadRules
{
    private const string Path = "spec.workloads";

    public static void Check(EmergencyPatchSpec spec, ValidationOptions options, ProblemList problems)
    {
        if (spec.Workloads is not { Count: > 0 })
        {
            problems.Invalid(Path, "is empty; name at least one workload to patch");
        }

        problems.AtMost(Path, spec.Workloads, 20);
        foreach (var (index, workload) in spec.Workloads.Numbered())
        {
            CheckWorkload($"{Path}[{index}]", workload, options, problems);
        }

        problems.Unique(Path, spec.Workloads, workload => workload.Name, ".name");
        CheckTargets(spec.Workloads, problems);
        if (spec.Workloads is { Count: > 0 } && !spec.Workloads.Any(HasCanary))
        {
            problems.Invalid(Path, "has no workload with a canary, so nothing would show whether the patch is healthy; add a deployment with role Web, or write canary: {enabled: true} at a Worker's");
        }
    }

    private static void CheckWorkload(string path, WorkloadSpec workload, ValidationOptions options, ProblemList problems)
    {
        problems.Label($"{path}.name", workload.Name);
        problems.OneOf($"{path}.role", workload.Role, "Web", "Worker", "Cron");
        CheckTarget(path, workload, problems);
        CheckContainers($"{path}.containers", workload.Containers, options, problems);
        OverlayRules.Check($"{path}.canary", workload, problems);
    }

    private static bool HasCanary(WorkloadSpec? workload) => workload is not null && (workload.Canary?.Enabled ?? workload.Role is null or "Web");

    private static void CheckTarget(string path, WorkloadSpec workload, ProblemList problems)
    {
        (string Field, string? Name, int Longest)[] targets =
        [
            ("deployment", workload.Deployment, Shapes.LongestWorkload),
            ("statefulSet", workload.StatefulSet, Shapes.LongestWorkload),
            ("cronJob", workload.CronJob, Shapes.LongestCronJob),
        ];
        var given = targets.Where(target => target.Name is not null).ToList();
        if (given.Count != 1)
        {
            var found = given.Count == 0 ? "none is" : $"{string.Join(" and ", given.Select(target => target.Field))} are";
            problems.Invalid(path, $"{found} given; name exactly one of deployment, statefulSet and cronJob");
        }

        foreach (var (field, name, longest) in given)
        {
            problems.Name($"{path}.{field}", name, longest);
        }

        if ((workload.CronJob is not null) != (workload.Role == "Cron"))
        {
            problems.Invalid($"{path}.role", $"{workload.Role ?? "Web"} does not fit; a cronJob has role Cron, and nothing else has");
        }
    }

    /// <summary>Two entries of one Deployment would be two canaries of it, each of which undoes the other's promotion.</summary>
    private static void CheckTargets(IReadOnlyList<WorkloadSpec>? workloads, ProblemList problems)
    {
        problems.Unique(Path, workloads, workload => workload.Deployment, ".deployment");
        problems.Unique(Path, workloads, workload => workload.StatefulSet, ".statefulSet");
        problems.Unique(Path, workloads, workload => workload.CronJob, ".cronJob");
    }

    private static void CheckContainers(string path, IReadOnlyList<ContainerImage>? containers, ValidationOptions options, ProblemList problems)
    {
        if (containers is not { Count: > 0 })
        {
            problems.Invalid(path, "is empty; name at least one container with its patched image");
        }

        problems.AtMost(path, containers, 20);
        foreach (var (index, container) in containers.Numbered())
        {
            problems.Label($"{path}[{index}].name", container.Name);
            CheckImage($"{path}[{index}].image", container.Image, options.ImagePolicy, problems);
        }

        problems.Unique(path, containers, container => container.Name, ".name");
    }

    private static void CheckImage(string path, string? image, ImagePolicy policy, ProblemList problems)
    {
        const string byDigest = "registry.example.com/magento@sha256:<64 hexadecimal digits>";
        if (!problems.Required(path, image, $"write the patched image, {byDigest}"))
        {
            return;
        }

        problems.Length(path, image!, 1024);
        if (!Shapes.Image().IsMatch(image!))
        {
            problems.Invalid(path, $"'{image}' is not an image reference; write {byDigest}");
        }
        else if (policy == ImagePolicy.RequireDigest && !Shapes.EndsInDigest().IsMatch(image!))
        {
            problems.Invalid(
                path,
                $"'{image}' has no digest, and a tag may be moved after the approval; write {byDigest}, or run the operator with imagePolicy AllowTags");
        }
    }
}
