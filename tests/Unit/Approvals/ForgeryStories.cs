using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>What someone with write access, but without the key, can make the decider believe: nothing. No webhook stands in the way here.</summary>
public sealed class ForgeryStories
{
    [Fact]
    public void An_approval_that_is_written_into_the_annotations_or_the_status_counts_for_nothing()
    {
        var crowd = new Crowd();
        crowd.Accept();
        var other = FactKeys.None.Renewed(crowd.Story.Now, length => new byte[length]);
        var forged = FactSeal.Sealed(Fact(crowd), other.Signing(crowd.Story.Now)!);
        var underOurKey = forged with { Key = crowd.Story.Keys.Signing(crowd.Story.Now)!.Id };
        crowd.Story.Facts[Annotations.FactPrefix + forged.Id] = FactSeal.Write(underOurKey);
        crowd.Story.Facts[Annotations.FactPrefix + "rubbish"] = "{}";
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Contains(("FactRefused", "unverified"), crowd.Trail);
        Assert.Empty(crowd.Story.Facts);

        crowd.Story.Patch = crowd.Story.Patch with { Status = crowd.Story.Status with { Approvals = [Claimed(crowd, null), Claimed(crowd, FactSeal.Write(underOurKey))] } };
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
    }

    [Fact]
    public void A_genuine_fact_put_to_another_use_counts_for_nothing()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        var (name, text) = crowd.Story.Facts.Single();
        crowd.Settle();
        var genuine = crowd.Story.Status.Approvals!.Single();

        // Written again as it was, under another name, and as somebody else's in the status.
        crowd.Story.Facts[name] = text;
        crowd.Settle();
        crowd.Story.Facts[Annotations.FactPrefix + "copy"] = text;
        crowd.Settle();
        crowd.Story.Patch = crowd.Story.Patch with { Status = crowd.Story.Status with { Approvals = [genuine, genuine with { By = "bob@example.com", Uid = "uid-bob" }] } };
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Contains("1 more of 2", crowd.Condition(ConditionTypes.Ready).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_approval_that_was_withdrawn_cannot_be_played_back()
    {
        var crowd = new Crowd(new ApprovalSpec { Required = 2 });
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        var (name, text) = crowd.Story.Facts.Single();
        crowd.Settle();
        crowd.Say(Crowd.Alice, Commands.Revoke, "second thoughts");
        crowd.Settle();
        crowd.Story.Facts[name] = text;
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);

        // Also when so much has happened since that nobody remembers this one.
        for (var i = 0; i < 100; i++)
        {
            crowd.Story.Wait(TimeSpan.FromSeconds(1));
            crowd.Say(Crowd.Carol, Commands.Suspend, $"{i}");
            crowd.Story.Reconcile();
            crowd.Story.Reconcile();
        }

        Assert.InRange(crowd.Story.Status.Facts!.Handled!.Count, 1, 64);
        crowd.Story.Facts[name] = text;
        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
    }

    [Fact]
    public void A_fact_of_another_patch_or_of_an_earlier_one_of_this_name_counts_for_nothing()
    {
        var crowd = new Crowd();
        crowd.Accept();
        var key = crowd.Story.Keys.Signing(crowd.Story.Now)!;
        foreach (var fact in (RecordedFact[])[Fact(crowd) with { Id = "a", Name = "other" }, Fact(crowd) with { Id = "b", Namespace = "other" }, Fact(crowd) with { Id = "c", PatchUid = "earlier" },
            Fact(crowd) with { Id = "d", PatchUid = null, Command = FactKinds.Create, At = crowd.Story.Now.AddHours(-1) }])
        {
            crowd.Story.Facts[Annotations.FactPrefix + fact.Id] = FactSeal.Write(FactSeal.Sealed(fact, key));
        }

        crowd.Settle();
        Assert.Null(crowd.Story.Status.Approvals);
        Assert.Equal(["dana@example.com"], crowd.Story.Status.Authors!.Select(a => a.By));
    }

    [Fact]
    public void A_second_way_to_write_a_fact_is_none()
    {
        var crowd = new Crowd();
        var text = FactSeal.Write(FactSeal.Sealed(Fact(crowd), crowd.Story.Keys.Signing(crowd.Story.Now)!));
        Assert.NotNull(FactSeal.Read(text));
        Assert.StartsWith("{\"actor\":\"alice@example.com\",", text, StringComparison.Ordinal);
        Assert.Null(FactSeal.Read(text.Replace("{\"actor\":\"alice@example.com\",", "{\"actor\":\"mallory@example.com\",\"actor\":\"alice@example.com\",", StringComparison.Ordinal)));
        Assert.Null(FactSeal.Read(" " + text));
        Assert.Null(FactSeal.Read(text.Replace("}", ",\"more\":1}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_anyone_to_ask_what_makes_things_safer_is_done_and_nothing_else()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Story.Command(Commands.Approve, "the webhook was down");
        crowd.Story.Command(Commands.BreakGlass, "the webhook was down");
        crowd.Settle();
        Assert.Equal(PatchPhase.AwaitingApproval, crowd.Story.Phase);
        Assert.Equal(2, crowd.Trail.Count(r => r == ("CommandRefused", "unverified")));
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        crowd.Story.Command(Commands.Abort, "the webhook is down, and the shop too");
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void A_review_that_cannot_be_had_from_the_API_server_blocks_no_abort_and_grants_no_approval()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Rights[Verbs.Approve] = null;
        Assert.Equal(503, crowd.Say(Crowd.Alice, Commands.Approve).Decision.Refusal!.Code);
        crowd.Rights[Verbs.Approve] = true;
        crowd.Say(Crowd.Alice, Commands.Approve);
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
        crowd.Rights[Verbs.Abort] = null;
        Assert.Null(crowd.Say(Crowd.Carol, Commands.Abort).Decision.Refusal);
        crowd.Story.RunUntil(PatchPhase.Reverted, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public void While_the_key_is_unknown_nothing_is_taken_away_and_nothing_starts()
    {
        var crowd = new Crowd();
        crowd.Accept();
        crowd.Say(Crowd.Alice, Commands.Approve);
        var keys = crowd.Story.Keys;
        crowd.Story.Keys = FactKeys.None;
        crowd.Settle();
        Assert.Equal((PatchPhase.AwaitingApproval, "ApprovalsUnreadable"), (crowd.Story.Phase, crowd.Condition(ConditionTypes.Ready).Reason));
        crowd.Story.Keys = keys;
        crowd.Story.RunUntil(PatchPhase.Progressing, TimeSpan.FromMinutes(1));
    }

    private static RecordedFact Fact(Crowd crowd) => new()
    {
        Actor = "alice@example.com",
        ActorUid = "uid-alice",
        At = crowd.Story.Now,
        Command = Commands.Approve,
        Id = "forged",
        Key = "",
        Name = crowd.Story.Patch.Metadata.Name,
        Namespace = "shop",
        PatchUid = crowd.Story.Patch.Metadata.Uid,
        Reason = "trust me",
        Rights = ["verb approve"],
        Seal = "",
        SpecDigest = SpecDigest.Of(crowd.Story.Patch.Spec),
    };

    private static ApprovalStatus Claimed(Crowd crowd, string? fact) => new()
    {
        By = "alice@example.com",
        Uid = "uid-alice",
        Verified = true,
        Reason = "trust me",
        At = crowd.Story.Now,
        ExpiresAt = crowd.Story.Now.AddHours(1),
        SpecDigest = SpecDigest.Of(crowd.Story.Patch.Spec),
        Fact = fact,
    };
}
