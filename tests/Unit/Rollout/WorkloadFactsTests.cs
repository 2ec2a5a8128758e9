using System.Text.Json;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Patches;
using PatchOperator.Patches.Resources;
using Xunit;

namespace PatchOperator.Tests.Unit.Rollout;

public sealed class WorkloadFactsTests
{
    [Theory]
    [InlineData(7, true)]
    [InlineData(6, false)]
    public void A_failed_roll_out_counts_once_its_controller_has_seen_the_newest_template(long observed, bool counts)
    {
        var deployment = new DeploymentResource
        {
            Metadata = new ObjectMeta { Name = "web", Uid = "uid", Generation = 7 },
            Status = new DeploymentStatusPart
            {
                ObservedGeneration = observed,
                Conditions = [new StatusConditionPart { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded" }],
            },
        };
        Assert.Equal(counts, WorkloadFacts.Stable(deployment, []).RolloutFailure is not null);
    }

    [Theory]
    [InlineData("ReplicaFailure", "True", "Deployment web-canary: FailedCreate. pods \"web-canary-1\" is forbidden: exceeded quota: small")]
    [InlineData("ReplicaFailure", "False", null)]
    [InlineData("Available", "True", null)]
    public void Why_a_canary_cannot_have_its_pods_is_told_in_the_words_of_its_controller(string type, string status, string? problem)
    {
        var deployment = new DeploymentResource
        {
            Metadata = new ObjectMeta { Name = "web-canary", Uid = "uid" },
            Status = new DeploymentStatusPart
            {
                Conditions =
                [
                    new StatusConditionPart { Type = "Progressing", Status = "True", Reason = "ReplicaSetUpdated", Message = "ReplicaSet is progressing." },
                    new StatusConditionPart { Type = type, Status = status, Reason = "FailedCreate", Message = "pods \"web-canary-1\" is forbidden: exceeded quota: small" },
                ],
            },
        };
        Assert.Equal(problem, WorkloadFacts.Canary(deployment, new EmergencyPatch(), null).Problem);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(5, true)]
    public void A_StatefulSet_is_rolled_out_when_every_pod_is_of_the_wanted_revision(int updated, bool isRolledOut)
    {
        var set = new StatefulSetResource
        {
            Metadata = new ObjectMeta { Name = "web", Uid = "uid", Generation = 3 },
            Spec = new StatefulSetSpecPart { Replicas = 5 },
            Status = JsonSerializer.Deserialize(
                $$"""{"observedGeneration":3,"replicas":5,"readyReplicas":5,"updatedReplicas":{{updated}},"currentRevision":"old","updateRevision":"old"}""", KindsJson.Default.StatefulSetStatusPart)!,
        };
        Assert.Equal(isRolledOut, WorkloadFacts.Stable(set, []).IsRolledOut);
    }

    [Theory]
    [InlineData(0, 0, 60, "")]
    [InlineData(0, 0, 5, null)]
    [InlineData(0, 1, 60, null)]
    [InlineData(1, 0, 60, null)]
    [InlineData(1, 0, 60, "", """{"waiting":{"reason":"ImagePullBackOff"}}""")]
    [InlineData(2, 0, 60, null, """{"waiting":{"reason":"ImagePullBackOff"}}""")]
    [InlineData(1, 0, 60, "php", """{"running":{}}""")]
    [InlineData(1, 0, 60, "php", """{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}""")]
    public void What_of_a_Job_has_begun_is_known_when_all_its_pods_are_seen(int active, int failed, int age, string? begun, params string[] pods)
    {
        var now = new DateTimeOffset(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);
        var job = new JobResource
        {
            Metadata = new ObjectMeta { Name = "cron-1", Uid = "job", CreationTimestamp = now.AddSeconds(-age), OwnerReferences = [new OwnerReference { ApiVersion = "batch/v1", Kind = "CronJob", Name = "cron", Uid = "cron" }] },
            Status = new JobStatusPart { Active = active, Failed = failed },
        };
        var observed = WorkloadFacts.ActiveJobs(
            [job],
            "cron",
            _ => [.. pods.Select(state => new PodResource { Status = JsonSerializer.Deserialize($$$"""{"phase":"Pending","containerStatuses":[{"name":"php","state":{{{state}}}}]}""", KindsJson.Default.PodStatusPart)! })],
            now);
        Assert.Equal(begun, Assert.Single(observed).Begun is { } names ? string.Join(' ', names) : null);
    }

    [Theory]
    [InlineData("""{"running":{}}""", """{"terminated":{"exitCode":1}}""", true)]
    [InlineData("""{"running":{}}""", "{}", false)]
    [InlineData("""{"terminated":{"exitCode":0}}""", """{"terminated":{"exitCode":1}}""", false)]
    public void An_init_container_that_goes_on_as_a_sidecar_crashes_as_any_other(string state, string last, bool hasCrashed)
    {
        var status = JsonSerializer.Deserialize(
            $$$"""
            {"phase":"Running","initContainerStatuses":[{"name":"proxy","restartCount":1,"state":{{{state}}},"lastState":{{{last}}}}],
             "containerStatuses":[{"name":"php","restartCount":0,"state":{"running":{}},"lastState":{}}]}
            """,
            KindsJson.Default.PodStatusPart)!;
        Assert.Equal(hasCrashed, PodFacts.HasCrashed(new PodResource { Status = status }));
    }

    [Theory]
    [InlineData("Failed", true)]
    [InlineData("Succeeded", true)]
    [InlineData("Running", false)]
    [InlineData("Pending", false)]
    [InlineData(null, false)]
    public void A_pod_that_failed_or_succeeded_has_ended(string? phase, bool hasEnded) =>
        Assert.Equal(hasEnded, PodFacts.HasEnded(new PodResource { Status = new PodStatusPart { Phase = phase } }));
}
