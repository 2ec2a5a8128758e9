using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using PatchOperator.Runtime;

namespace PatchOperator.Compatibility;

/// <summary>
/// Asks the patched image itself what is installed in it: one Job for each image and command, whose pod prints the answer to its log. A termination
/// message would need no right to read logs, but holds 4 KiB, and a real lock has 200 even when packed.
/// </summary>
internal sealed class InventoryJobs(IClusterClient client, NamedWatches<JobResource> watches, WorkloadCaches workloads)
{
    private const int LongestName = 40;
    private const int LongestAnswer = 8 * 1024 * 1024;
    private const int LongestExcuse = 2048;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    private static readonly string[] DefaultCommand =
    [
        "sh", "-c",
        "for f in composer.lock /var/www/html/composer.lock /app/composer.lock; do [ -f \"$f\" ] && exec sh -c 'gzip -c \"$1\" | base64' sh \"$f\"; done; "
        + "echo \"no composer.lock in $PWD, /var/www/html or /app\"; exit 1",
    ];

    public async Task<(string Job, string Version, CompatibilityObservation.Unavailable? Problem)> FindAsync(
        EmergencyPatch patch, PatchIntent intent, InventoryJobSpec spec, CancellationToken cancellation)
    {
        var collect = Wanted(patch, intent, spec);
        var key = new ObjectKey(patch.Metadata.Namespace ?? "", collect.Job);
        watches.Use(ObjectKey.Of(patch), [key]);
        var (job, isKnown) = await watches.GetAsync(key, cancellation);
        if (!isKnown)
        {
            return (collect.Job, "", new CompatibilityObservation.Unavailable("InventoryNotRead", $"Job {collect.Job} could not be read yet; trying again.", IsPassing: true));
        }

        if (job is null)
        {
            return (collect.Job, "", new CompatibilityObservation.Unavailable("CollectingInventory", $"Job {collect.Job} asks the patched image what is installed in it.") { Collect = collect });
        }

        if (!(job.Metadata.OwnerReferences ?? []).Any(owner => owner.Uid == patch.Metadata.Uid))
        {
            return (collect.Job, "", new CompatibilityObservation.Unavailable("InventoryJobNameTaken", $"A Job {collect.Job} exists and does not belong to this patch; delete it."));
        }

        if (!job.HasEnded)
        {
            return (collect.Job, "", new CompatibilityObservation.Unavailable("CollectingInventory", $"Job {collect.Job} asks the patched image what is installed in it."));
        }

        return job.Status.Conditions!.Any(condition => condition is { Type: "Complete", Status: "True" })
            ? (collect.Job, job.Metadata.Uid, null)
            : (collect.Job, "", new CompatibilityObservation.Unavailable(
                "InventoryJobFailed", $"Job {collect.Job} failed: {await ExcuseAsync(key, cancellation)} Correct spec.compatibility.inventory.job, or delete the Job to try again."));
    }

    public async Task<InventoryResult> ReadAsync(string ns, string job, CancellationToken cancellation)
    {
        var key = new ObjectKey(ns, job);
        if (await LogAsync(key, LongestAnswer, "Succeeded", cancellation) is not { } log)
        {
            return InventoryResult.Failed("InventoryLost", $"The pod of Job {job} is gone, and its answer with it; delete the Job to ask again.");
        }

        // What the container's start script said before is not part of the packed answer.
        var lines = log.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var packed = Array.FindIndex(lines, line => line.StartsWith("H4sI", StringComparison.Ordinal));
        return InventoryFiles.ReadText(packed < 0 ? log : string.Concat(lines.Skip(packed)), $"the answer of Job {job}");
    }

    public async Task EnsureAsync(EmergencyPatch patch, CollectInventory action, CancellationToken cancellation)
    {
        var ns = patch.Metadata.Namespace ?? "";
        var type = await workloads.TypeAsync(action.Workload.Kind, cancellation);
        if (await client.FindAsync(type, new ObjectKey(ns, action.Workload.Name), cancellation) is not { } workload)
        {
            return;
        }

        try
        {
            await client.CreateAsync(Kinds.Jobs, ns, InventoryJobManifest.Of(patch, action, workload), cancellation);
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.AlreadyExists)
        {
            // The watch brings it.
        }
    }

    public void Release(EmergencyPatch patch) => watches.Release(ObjectKey.Of(patch));

    private static CollectInventory Wanted(EmergencyPatch patch, PatchIntent intent, InventoryJobSpec spec)
    {
        var workload = intent.Workloads.FirstOrDefault(each => each.Name == spec.Workload) ?? intent.Workloads[0];
        var image = workload.Images.FirstOrDefault(each => each.Container == spec.Container) ?? workload.Images[0];
        var command = spec.Command is { Count: > 0 } own ? own : DefaultCommand;
        var timeout = spec.Timeout.OrElse(DefaultTimeout);
        var name = patch.Metadata.Name.Length > LongestName ? patch.Metadata.Name[..LongestName].TrimEnd('-', '.') : patch.Metadata.Name;
        var hash = Fingerprint.Of($"{patch.Metadata.Uid}\n{image.Image}\n{timeout}\n{string.Join('\n', command)}")[..8];

        // A dot is good for names and bad for the label that a Job's pods carry it in, in older clusters.
        return new CollectInventory($"{name.Replace('.', '-')}-inventory-{hash}", workload.Target, image.Container, image.Image, command, timeout);
    }

    private async Task<string> ExcuseAsync(ObjectKey job, CancellationToken cancellation)
    {
        var log = await LogAsync(job, LongestExcuse, null, cancellation);
        var last = log?.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        return last is null ? "its pod left no message." : $"{last.TrimEnd('.')}.";
    }

    private async Task<string?> LogAsync(ObjectKey job, int limit, string? phase, CancellationToken cancellation)
    {
        var pods = await client.ListAsync((ResourceType)Kinds.Pods, job.Namespace, new Selector($"job-name={job.Name}"), cancellation);
        var pod = pods.OrderByDescending(each => each["metadata"]!["creationTimestamp"]?.ToString(), StringComparer.Ordinal)
            .FirstOrDefault(each => phase is null || each["status"]?["phase"]?.ToString() == phase);
        return pod is null ? null : await client.ReadLogAsync(new ObjectKey(job.Namespace, pod["metadata"]!["name"]!.ToString()), InventoryJobManifest.Container, limit, cancellation);
    }
}
