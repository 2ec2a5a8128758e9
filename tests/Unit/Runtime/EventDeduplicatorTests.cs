using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

public sealed class EventDeduplicatorTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);
    private readonly EventDeduplicator events = new(capacity: 3, window: TimeSpan.FromMinutes(10));

    [Fact]
    public void A_repetition_keeps_the_name_and_the_first_time_and_raises_the_count()
    {
        events.Occurred(Event("Blocked"), "first", Start);
        Assert.Equal(new PublishedEvent("first", 2, Start), events.Occurred(Event("Blocked"), "second", Start.AddMinutes(9)));
        Assert.Equal(new PublishedEvent("first", 3, Start), events.Occurred(Event("Blocked"), "third", Start.AddMinutes(18)));
    }

    [Fact]
    public void Another_message_of_the_same_reason_is_another_event() =>
        Assert.Equal(1, Twice(Event("Blocked"), Event("Blocked") with { Message = "other" }).Count);

    [Fact]
    public void A_recreated_object_of_the_same_name_has_its_own_events() =>
        Assert.Equal(1, Twice(Event("Blocked"), Event("Blocked") with { Uid = "2" }).Count);

    [Fact]
    public void After_the_window_it_is_news_again()
    {
        events.Occurred(Event("Blocked"), "first", Start);
        Assert.Equal("second", events.Occurred(Event("Blocked"), "second", Start.AddMinutes(11)).Name);
    }

    [Fact]
    public void Memory_is_bounded_and_the_longest_unused_goes_first()
    {
        events.Occurred(Event("A"), "a", Start);
        events.Occurred(Event("B"), "b", Start);
        events.Occurred(Event("C"), "c", Start);
        events.Occurred(Event("A"), "a2", Start);
        events.Occurred(Event("D"), "d", Start);
        Assert.Equal(3, events.Count);
        Assert.Equal(3, events.Occurred(Event("A"), "a3", Start).Count);
        Assert.Equal(1, events.Occurred(Event("B"), "b2", Start).Count);
    }

    private static EventIdentity Event(string reason) => new("1", EventType.Normal, reason, "message");

    private PublishedEvent Twice(EventIdentity first, EventIdentity second)
    {
        events.Occurred(first, "first", Start);
        return events.Occurred(second, "second", Start);
    }
}
