using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Patches;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Patches;

public sealed class PatchNeighboursTests : IDisposable
{
    private static readonly WorkloadRef Web = new(WorkloadKind.Deployment, "web");
    private static readonly WorkloadRef Cron = new(WorkloadKind.CronJob, "cron");

    private readonly KnownPatches known = new();
    private readonly PatchNeighbours neighbours;

    public PatchNeighboursTests() => neighbours = new PatchNeighbours(known, known);

    public void Dispose() => neighbours.Dispose();

    [Theory]
    [InlineData(PatchPhase.Progressing, true)]
    [InlineData(PatchPhase.Paused, true)]
    [InlineData(PatchPhase.Promoting, true)]
    [InlineData(PatchPhase.Reverting, true)]
    [InlineData(PatchPhase.Degraded, true)]
    [InlineData(PatchPhase.Blocked, false)]
    [InlineData(PatchPhase.AwaitingApproval, false)]
    [InlineData(PatchPhase.Promoted, false)]
    [InlineData(PatchPhase.Reverted, false)]
    [InlineData(PatchPhase.Superseded, false)]
    public void A_patch_holds_its_workloads_while_it_runs(PatchPhase phase, bool holds)
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval);
        Add("other", phase);
        Assert.Equal(holds ? new HolderObservation("other", Web) : null, neighbours.Holder(mine, [Web]));
    }

    [Fact]
    public void What_a_run_began_with_is_held_and_not_what_its_spec_names_since()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval);
        Add("other", PatchPhase.Progressing, spec: "api", status: "web");
        Assert.NotNull(neighbours.Holder(mine, [Web]));
        Assert.Null(neighbours.Holder(mine, [Web with { Name = "api" }]));
    }

    [Fact]
    public void Neither_the_patch_itself_nor_another_namespace_holds_anything()
    {
        var mine = Add("mine", PatchPhase.Progressing);
        Add("other", PatchPhase.Progressing, ns: "elsewhere");
        Assert.Null(neighbours.Holder(mine, [Web]));
    }

    [Fact]
    public void A_CronJob_that_a_patch_keeps_suspended_is_held_although_its_run_is_over()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval);
        var other = Add("other", PatchPhase.Promoted);
        Assert.Null(neighbours.Holder(mine, [Web, Cron]));
        known.Set(other with { Status = other.Status! with { Workloads = [.. other.Status.Workloads!, new WorkloadStatus { Name = "cron", CronJob = "cron", WasSuspended = false }] } });
        Assert.Equal(new HolderObservation("other", Cron), neighbours.Holder(mine, [Web, Cron]));
    }

    [Fact]
    public void A_holder_that_is_to_be_superseded_hides_no_other_and_then_the_name_decides()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval, supersedes: ["a-first"]);
        Add("a-first", PatchPhase.Progressing);
        Assert.Equal("a-first", neighbours.Holder(mine, [Web])!.Patch);
        Add("z-last", PatchPhase.Progressing);
        Assert.Equal("z-last", neighbours.Holder(mine, [Web])!.Patch);
        Add("k-middle", PatchPhase.Degraded);
        Assert.Equal("k-middle", neighbours.Holder(mine, [Web])!.Patch);
    }

    [Theory]
    [InlineData(PatchPhase.Progressing, PatchPhase.Progressing, false, true)]
    [InlineData(PatchPhase.Progressing, PatchPhase.AwaitingApproval, false, false)]
    [InlineData(PatchPhase.Progressing, PatchPhase.AwaitingApproval, true, true)]
    [InlineData(PatchPhase.Progressing, PatchPhase.Promoted, false, true)]
    [InlineData(PatchPhase.Progressing, PatchPhase.Closed, false, true)]
    [InlineData(PatchPhase.Progressing, PatchPhase.Reverted, false, false)]
    [InlineData(PatchPhase.Promoted, PatchPhase.Progressing, true, false)]
    [InlineData(PatchPhase.Promoted, PatchPhase.Promoting, false, false)]
    [InlineData(PatchPhase.Promoted, PatchPhase.Promoted, false, true)]
    [InlineData(PatchPhase.Promoted, PatchPhase.Degraded, false, false)]
    public void A_successor_takes_over_what_runs_when_it_is_about_to_start_and_what_is_promoted_when_it_is_promoted_too(PatchPhase phase, PatchPhase successor, bool names, bool takesOver)
    {
        var mine = Add("mine", phase);
        Add("next", successor, supersedes: ["mine"], superseding: names ? ["mine"] : null);
        Assert.Equal(takesOver ? "next" : null, neighbours.Successor(mine));
    }

    [Fact]
    public void A_successor_that_names_another_or_is_being_deleted_is_none_and_of_two_the_name_decides()
    {
        var mine = Add("mine", PatchPhase.Promoted);
        Add("a", PatchPhase.Promoted, supersedes: ["another"]);
        var ending = Add("b", PatchPhase.Promoted, supersedes: ["mine"]);
        known.Set(ending with { Metadata = ending.Metadata with { DeletionTimestamp = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero) } });
        Assert.Null(neighbours.Successor(mine));
        Add("d", PatchPhase.Promoted, supersedes: ["mine"]);
        Add("c", PatchPhase.Promoted, supersedes: ["mine"]);
        Assert.Equal("c", neighbours.Successor(mine));
    }

    [Fact]
    public void The_patches_that_a_spec_names_are_seen_as_far_as_they_exist()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval, supersedes: ["old"], requires: ["base", "missing"]);
        Add("old", PatchPhase.Progressing);
        Add("base", PatchPhase.Promoted, requires: ["root"]);
        var named = neighbours.Named(mine);
        Assert.Equal(["base", "old"], named.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((PatchPhase.Promoted, "root"), (named["base"].Phase, Assert.Single(named["base"].Requires)));
    }

    [Fact]
    public void What_is_required_by_way_of_others_is_seen_and_a_ring_ends()
    {
        var a = Add("a", PatchPhase.AwaitingApproval, requires: ["b"]);
        Add("b", PatchPhase.AwaitingApproval, requires: ["c"]);
        Add("c", PatchPhase.AwaitingApproval, requires: ["a"]);
        Assert.Equal(["c", "a", "b"], neighbours.Named(a)["b"].Requires);
    }

    [Fact]
    public void A_promoted_patch_that_took_the_place_of_a_required_one_is_seen_also_when_another_was_in_between()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval, requires: ["base"]);
        Add("base", PatchPhase.Superseded);
        Add("base-2", PatchPhase.Superseded, supersedes: ["base"]);
        Assert.Null(neighbours.Named(mine)["base"].PromotedSuccessor);
        var waiting = Add("base-3", PatchPhase.Promoting, supersedes: ["base-2"]);
        Assert.Null(neighbours.Named(mine)["base"].PromotedSuccessor);
        known.Set(waiting with { Status = waiting.Status! with { Phase = nameof(PatchPhase.Promoted) } });
        Assert.Equal("base-3", neighbours.Named(mine)["base"].PromotedSuccessor);
    }

    [Fact]
    public void What_others_did_to_the_same_workloads_is_seen_and_nothing_else()
    {
        var mine = Add("mine", PatchPhase.AwaitingApproval);
        Add("same", PatchPhase.Promoted);
        Add("different", PatchPhase.Promoted, spec: "api", status: "api");
        Add("same", PatchPhase.Promoted, ns: "elsewhere");
        Assert.Equal("web", Assert.Single(neighbours.Promotions(mine, [Web])).Deployment);
    }

    [Fact]
    public void A_run_that_ends_wakes_who_shares_a_workload_and_who_names_it()
    {
        var ended = Add("ended", PatchPhase.Progressing);
        Add("shares", PatchPhase.AwaitingApproval);
        Add("names", PatchPhase.AwaitingApproval, spec: "api", status: null, requires: ["ended"]);
        Add("has-nothing-to-do-with-it", PatchPhase.AwaitingApproval, spec: "api", status: null);
        known.Observe(ended with { Metadata = ended.Metadata with { ResourceVersion = "2" } });
        Assert.Empty(known.Woken);
        known.Observe(ended with { Status = ended.Status! with { Phase = nameof(PatchPhase.Promoted) } });
        Assert.Equal(["names", "shares"], known.Woken.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void So_does_one_that_is_deleted()
    {
        var gone = Add("gone", PatchPhase.Progressing);
        Add("shares", PatchPhase.AwaitingApproval);
        Add("names", PatchPhase.AwaitingApproval, spec: "api", status: null, requires: ["gone"]);
        known.Remove(gone);
        Assert.Equal(["names", "shares"], known.Woken.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whoever_is_named_no_longer_or_named_now_hears_of_it()
    {
        var ring = Add("ring", PatchPhase.Blocked, requires: ["other"]);
        Add("other", PatchPhase.Blocked, spec: "api", status: null, requires: ["ring"]);
        known.Observe(ring with { Spec = ring.Spec with { Requires = null } });
        Assert.Equal(["other"], known.Woken);
    }

    [Fact]
    public void A_change_of_a_canary_is_its_workloads_business()
    {
        Add("mine", PatchPhase.Progressing);
        Assert.Equal("mine", Assert.Single(neighbours.Of(WorkloadKind.Deployment, new ObjectKey("shop", "web-canary"))).Name);
        Assert.Equal("mine", Assert.Single(neighbours.Of(WorkloadKind.Deployment, new ObjectKey("shop", "web"))).Name);
        Assert.Empty(neighbours.Of(WorkloadKind.StatefulSet, new ObjectKey("shop", "web")));
    }

    private EmergencyPatch Add(string name, PatchPhase phase, string spec = "web", string? status = "web", string[]? supersedes = null, string[]? requires = null, string[]? superseding = null, string ns = "shop")
    {
        var patch = new EmergencyPatch
        {
            Metadata = new ObjectMeta { Name = name, Namespace = ns, Uid = $"{ns}/{name}", ResourceVersion = "1", Generation = 1 },
            Spec = new EmergencyPatchSpec { Workloads = [new WorkloadSpec { Name = "w", Deployment = spec }], Supersedes = supersedes, Requires = requires },
            Status = new EmergencyPatchStatus { Phase = phase.ToString(), Superseding = superseding, Workloads = status is null ? null : [new WorkloadStatus { Name = "w", Deployment = status }] },
        };
        known.Set(patch);
        return patch;
    }

    /// <summary>The cache of patches and the queue that they wait in.</summary>
    private sealed class KnownPatches : IInformer<EmergencyPatch>, IReconcileQueue<EmergencyPatch>
    {
        private readonly Dictionary<ObjectKey, EmergencyPatch> patches = [];
        private Action<InformerEvent<EmergencyPatch>>? heard;

        public HashSet<string> Woken { get; } = [];

        public bool HasSynced => true;

        public IReadOnlyList<UndecodableObject> Undecodable => [];

        public void Set(EmergencyPatch patch) => patches[ObjectKey.Of(patch)] = patch;

        public EmergencyPatch? Get(ObjectKey key) => patches.GetValueOrDefault(key);

        public IReadOnlyCollection<EmergencyPatch> List(string? ns = null, Func<EmergencyPatch, bool>? where = null) =>
            [.. patches.Values.Where(p => (ns is null || p.Metadata.Namespace == ns) && where?.Invoke(p) is not false)];

        public void Observe(EmergencyPatch written)
        {
            var before = Get(ObjectKey.Of(written));
            Set(written);
            heard?.Invoke(new InformerEvent<EmergencyPatch>(InformerEventType.Modified, written, before));
        }

        public void Remove(EmergencyPatch gone)
        {
            patches.Remove(ObjectKey.Of(gone));
            heard?.Invoke(new InformerEvent<EmergencyPatch>(InformerEventType.Deleted, gone));
        }

        public void Enqueue(ObjectKey key) => Woken.Add(key.Name);

        public void EnqueueAfter(ObjectKey key, TimeSpan delay) => Woken.Add(key.Name);

        public Task WaitForSyncAsync(CancellationToken cancellation) => Task.CompletedTask;

        public IDisposable Subscribe(Action<InformerEvent<EmergencyPatch>> onEvent)
        {
            heard = onEvent;
            return Moq.Mock.Of<IDisposable>();
        }

        public IDisposable Map<TOther>(IInformer<TOther> informer, Func<TOther, IEnumerable<ObjectKey>> owners)
            where TOther : class, IResource => throw new NotSupportedException();
    }
}
