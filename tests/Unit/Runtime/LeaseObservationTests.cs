using System.Text.Json.Nodes;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class LeaseObservationTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private readonly LeaseObservation observation = new("me", Duration);

    [Fact]
    public void A_missing_lease_is_created() => Assert.Equal(LeaseMove.Create, observation.Decide(null, false, At(0)));

    [Fact]
    public void A_lease_that_somebody_deleted_is_its_holders_for_as_long_as_it_was()
    {
        observation.Decide(Lease("other", "t1"), false, At(0));
        Assert.Equal(LeaseMove.Wait, observation.Decide(null, false, At(1)));
        Assert.Equal(LeaseMove.Wait, observation.Decide(null, false, At(14.9)));
        Assert.Equal(LeaseMove.Create, observation.Decide(null, false, At(15)));
    }

    [Fact]
    public void Its_holder_makes_a_deleted_lease_again_at_once()
    {
        observation.Decide(Lease("me", "t1"), true, At(0));
        Assert.Equal(LeaseMove.Create, observation.Decide(null, leading: true, At(1)));
    }

    [Fact]
    public void A_lease_without_a_holder_is_taken_at_once() => Assert.Equal(LeaseMove.Take, observation.Decide(Lease("", "t1"), false, At(0)));

    [Fact]
    public void Our_own_lease_is_renewed_within_the_term_and_taken_anew_after_it()
    {
        Assert.Equal(LeaseMove.Renew, observation.Decide(Lease("me", "t1"), leading: true, At(0)));
        Assert.Equal(LeaseMove.Take, observation.Decide(Lease("me", "t1"), leading: false, At(1)));
    }

    [Fact]
    public void Another_holder_is_waited_for_from_the_moment_we_first_saw_it_however_old_its_times_are()
    {
        Assert.Equal(LeaseMove.Wait, observation.Decide(Lease("other", "1970-01-01T00:00:00.000000Z"), false, At(100)));
        Assert.Equal(LeaseMove.Wait, observation.Decide(Lease("other", "1970-01-01T00:00:00.000000Z"), false, At(114.9)));
        Assert.Equal(LeaseMove.Take, observation.Decide(Lease("other", "1970-01-01T00:00:00.000000Z"), false, At(115)));
    }

    [Fact]
    public void A_holder_whose_clock_runs_a_day_ahead_does_not_keep_a_lease_it_no_longer_renews()
    {
        observation.Decide(Lease("other", "2099-01-01T00:00:00.000000Z"), false, At(0));
        Assert.Equal(LeaseMove.Take, observation.Decide(Lease("other", "2099-01-01T00:00:00.000000Z"), false, At(15)));
    }

    [Fact]
    public void Every_renewal_that_is_seen_begins_the_wait_anew()
    {
        observation.Decide(Lease("other", "t1"), false, At(0));
        observation.Decide(Lease("other", "t2"), false, At(14));
        Assert.Equal(LeaseMove.Wait, observation.Decide(Lease("other", "t2"), false, At(28)));
        Assert.Equal(LeaseMove.Take, observation.Decide(Lease("other", "t2"), false, At(29)));
    }

    [Fact]
    public void A_record_without_a_duration_is_not_taken_for_an_expired_one()
    {
        var bare = LeaseRecord.Of(new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "other" } });
        Assert.Equal(LeaseMove.Wait, observation.Decide(bare, false, At(0)));
        Assert.Equal(LeaseMove.Take, observation.Decide(bare, false, At(15)));
    }

    [Fact]
    public void A_lease_without_a_spec_has_no_holder() => Assert.Equal("", LeaseRecord.Of([]).Holder);

    [Fact]
    public void Writing_keeps_what_others_put_there()
    {
        var read = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "l", ["resourceVersion"] = "7" },
            ["spec"] = new JsonObject { ["strategy"] = "OldestEmulationVersion" },
        };
        var written = LeaseRecord.Write(read, "ns", "l", "me", Duration, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 3, acquire: true);
        Assert.Equal("7", written["metadata"]!["resourceVersion"]!.GetValue<string>());
        Assert.Equal("OldestEmulationVersion", written["spec"]!["strategy"]!.GetValue<string>());
        Assert.Equal("2026-01-01T00:00:00.000000Z", written["spec"]!["renewTime"]!.GetValue<string>());
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static LeaseRecord Lease(string holder, string renewTime) => new(holder, Duration, renewTime, 1);
}
