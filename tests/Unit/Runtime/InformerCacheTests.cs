using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class InformerCacheTests
{
    private static readonly HashSet<ObjectKey> None = [];
    private readonly InformerCache<Thing> cache = new();

    [Fact]
    public void A_relist_announces_what_was_deleted_meanwhile_and_stays_silent_about_what_is_equal()
    {
        cache.Replace([Thing.At("a", 1), Thing.At("b", 2), Thing.At("c", 3)], None, "10");
        Assert.Equal(["Modified b", "Deleted c"], Said(cache.Replace([Thing.At("a", 1), Thing.At("b", 12)], None, "20")));
    }

    [Fact]
    public void Our_own_write_is_never_overtaken_by_older_news()
    {
        cache.Replace([Thing.At("a", 1)], None, "10");
        cache.Observe(Thing.At("a", 15));
        Assert.Empty(cache.Changed(Thing.At("a", 12)));
        Assert.Empty(cache.Changed(Thing.At("a", 15)));
        Assert.Equal("15", cache.Get(Thing.Key("a"))!.Metadata.ResourceVersion);
        Assert.Equal(["Modified a"], Said(cache.Changed(Thing.At("a", 16))));
    }

    [Fact]
    public void A_relist_that_is_older_than_our_own_write_does_not_undo_it()
    {
        cache.Replace([Thing.At("a", 1)], None, "10");
        cache.Observe(Thing.At("a", 15));
        cache.Observe(Thing.At("new", 16));
        Assert.Empty(cache.Replace([Thing.At("a", 1)], None, "14"));
        Assert.Equal("15", cache.Get(Thing.Key("a"))!.Metadata.ResourceVersion);
        Assert.NotNull(cache.Get(Thing.Key("new")));
        Assert.Equal(["Deleted new"], Said(cache.Replace([Thing.At("a", 15)], None, "17")));
    }

    [Fact]
    public void A_late_answer_to_our_write_does_not_raise_a_deleted_object()
    {
        cache.Replace([Thing.At("a", 1)], None, "10");
        cache.Deleted(Thing.At("a", 13));
        Assert.Empty(cache.Observe(Thing.At("a", 12)));
        Assert.Null(cache.Get(Thing.Key("a")));
    }

    [Fact]
    public void A_recreated_object_is_announced_as_deleted_and_added()
    {
        cache.Replace([Thing.At("a", 1, uid: "old")], None, "10");
        Assert.Equal(["Deleted a", "Added a"], Said(cache.Replace([Thing.At("a", 12, uid: "new")], None, "20")));
        Assert.Empty(cache.Deleted(Thing.At("a", 11, uid: "old")));
        Assert.NotNull(cache.Get(Thing.Key("a")));
    }

    [Fact]
    public void An_object_that_can_no_longer_be_read_is_not_taken_for_deleted()
    {
        cache.Replace([Thing.At("a", 1)], None, "10");
        Assert.Empty(cache.Replace([], new HashSet<ObjectKey> { Thing.Key("a") }, "20"));
        Assert.NotNull(cache.Get(Thing.Key("a")));
    }

    [Fact]
    public void After_the_restore_of_a_backup_the_older_list_is_the_truth()
    {
        cache.Replace([Thing.At("a", 90), Thing.At("b", 91)], None, "100");
        Assert.Equal(["Modified a", "Deleted b"], Said(cache.Replace([Thing.At("a", 40)], None, "50")));
        Assert.Equal(["Modified a"], Said(cache.Changed(Thing.At("a", 51))));
    }

    [Fact]
    public void Objects_are_found_by_namespace()
    {
        cache.Replace([Thing.At("a", 1), Thing.At("b", 2, ns: "other")], None, "10");
        Assert.Equal("b", Assert.Single(cache.List("other", null)).Metadata.Name);
        cache.Deleted(Thing.At("b", 11, ns: "other"));
        Assert.Empty(cache.List("other", null));
    }

    [Fact]
    public void Our_own_status_needs_no_reconcile_but_an_annotation_that_came_with_it_does()
    {
        var before = Thing.At("a", 1);
        Assert.False(ChangeFilter.IsRelevant(new InformerEvent<Thing>(InformerEventType.Modified, Thing.At("a", 2), before, IsOwnWrite: true)));
        Assert.True(ChangeFilter.IsRelevant(new InformerEvent<Thing>(InformerEventType.Modified, Thing.At("a", 2), before)));
        var approved = Thing.At("a", 2) with { Metadata = Thing.At("a", 2).Metadata with { Annotations = new Dictionary<string, string> { ["approve"] = "yes" } } };
        Assert.True(ChangeFilter.IsRelevant(new InformerEvent<Thing>(InformerEventType.Modified, approved, before, IsOwnWrite: true)));
    }

    private static IEnumerable<string> Said(IEnumerable<InformerEvent<Thing>> events) => events.Select(change => $"{change.Type} {change.Object.Metadata.Name}");

    private sealed record Thing : IResource
    {
        public required ObjectMeta Metadata { get; init; }

        public static ObjectKey Key(string name) => new("shop", name);

        public static Thing At(string name, int version, string uid = "1", string ns = "shop") => new()
        {
            Metadata = new ObjectMeta { Name = name, Namespace = ns, Uid = uid, ResourceVersion = $"{version}" },
        };
    }
}
