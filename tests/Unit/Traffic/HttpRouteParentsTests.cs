using System.Text.Json.Nodes;
using PatchOperator.Traffic;
using Xunit;

namespace PatchOperator.Tests.Unit.Traffic;

public sealed class HttpRouteParentsTests
{
    private const string Public = """{"name":"public"}""";
    private const string Good = """{"type":"Accepted","status":"True","observedGeneration":3},{"type":"ResolvedRefs","status":"True","observedGeneration":3}""";

    [Fact]
    public void A_parent_that_has_taken_over_this_generation_has_followed() =>
        Assert.Equal(new HttpRouteParents(true, null), Of([Public], Report("""{"group":"gateway.networking.k8s.io","kind":"Gateway","namespace":"shop","name":"public"}""", Good)));

    [Theory]
    [InlineData("""{"type":"Accepted","status":"True","observedGeneration":2},{"type":"ResolvedRefs","status":"True","observedGeneration":3}""")]
    [InlineData("""{"type":"Accepted","status":"True","observedGeneration":3},{"type":"ResolvedRefs","status":"True","observedGeneration":2}""")]
    [InlineData("""{"type":"Accepted","status":"True"},{"type":"ResolvedRefs","status":"True","observedGeneration":3}""")]
    [InlineData("""{"type":"Accepted","status":"True","observedGeneration":3}""")]
    [InlineData("""{"type":"Accepted","status":"False","observedGeneration":2,"reason":"Old"},{"type":"ResolvedRefs","status":"True","observedGeneration":3}""")]
    public void What_was_said_of_an_older_generation_or_not_at_all_proves_nothing(string conditions) =>
        Assert.Equal(new HttpRouteParents(false, null), Of([Public], Report(Public, conditions)));

    [Fact]
    public void Every_parent_must_follow()
    {
        Assert.False(Of([Public, """{"name":"internal"}"""], Report(Public, Good)).HaveFollowed);
        Assert.False(Of([Public, """{"name":"public","sectionName":"tls"}"""], Report(Public, Good)).HaveFollowed);
        Assert.True(Of([Public, """{"name":"internal"}"""], Report(Public, Good), Report("""{"name":"internal"}""", Good)).HaveFollowed);
    }

    [Fact]
    public void One_that_refuses_says_nothing_of_what_the_others_serve()
    {
        var (refusal, old, @internal) = ("""{"type":"Accepted","status":"False","observedGeneration":3,"reason":"NotAllowedByListeners"}""", Good.Replace(":3", ":2", StringComparison.Ordinal), """{"name":"internal"}""");
        var waiting = Of([@internal, Public], Report(@internal, refusal), Report(Public, old));
        Assert.False(waiting.HaveFollowed);
        Assert.Contains("internal does not accept it", waiting.Problem, StringComparison.Ordinal);
        Assert.True(Of([@internal, Public], Report(@internal, refusal), Report(Public, Good)).HaveFollowed);
    }

    [Theory]
    [InlineData("""{"name":"public"}""", """{"name":"public","sectionName":"http"}""", true)]
    [InlineData("""{"name":"public","sectionName":"http","port":80}""", """{"name":"public","sectionName":"http"}""", true)]
    [InlineData("""{"name":"public","sectionName":"http"}""", """{"name":"public","sectionName":"tls"}""", false)]
    [InlineData("""{"name":"public","port":80}""", """{"name":"public","port":81}""", false)]
    public void A_report_belongs_to_a_parent_where_listener_and_port_agree_if_both_name_them(string parent, string reported, bool belongs) =>
        Assert.Equal(belongs, Of([parent], Report(reported, Good)).HaveFollowed);

    [Fact]
    public void Of_a_parent_that_is_reported_by_its_listeners_all_must_follow_and_accept()
    {
        var (http, tls, old) = ("""{"name":"public","sectionName":"http"}""", """{"name":"public","sectionName":"tls"}""", Good.Replace(":3", ":2", StringComparison.Ordinal));
        Assert.True(Of([Public], Report(http, Good), Report(tls, Good)).HaveFollowed);
        Assert.False(Of([Public], Report(http, Good), Report(tls, old)).HaveFollowed);
        Assert.False(Of([Public, http], Report(http, Good)).HaveFollowed);
    }

    [Theory]
    [InlineData("Accepted", "NotAllowedByListeners", "allowedRoutes")]
    [InlineData("ResolvedRefs", "RefNotPermitted", "ReferenceGrant")]
    [InlineData("ResolvedRefs", "BackendNotFound", "Create the Service")]
    public void A_parent_that_refuses_is_quoted_with_what_to_change(string type, string reason, string next)
    {
        var other = type == "Accepted" ? "ResolvedRefs" : "Accepted";
        var parents = Of([Public], Report(Public, $$"""{"type":"{{other}}","status":"True","observedGeneration":3},{"type":"{{type}}","status":"False","observedGeneration":3,"reason":"{{reason}}","message":"its own words"}"""));
        Assert.Contains("public", parents.Problem, StringComparison.Ordinal);
        Assert.Contains("its own words", parents.Problem, StringComparison.Ordinal);
        Assert.Contains(next, parents.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_route_that_nobody_serves_says_so()
    {
        Assert.Contains("no controller has reported", Of([Public]).Problem, StringComparison.Ordinal);
        Assert.Contains("names no Gateway", Of([]).Problem, StringComparison.Ordinal);
    }

    private static HttpRouteParents Of(string[] parents, params string[] reports) => HttpRouteParents.Of(
        3, "shop", JsonNode.Parse($$"""{"parentRefs":[{{string.Join(",", parents)}}]}"""), JsonNode.Parse($$"""{"parents":[{{string.Join(",", reports)}}]}"""));

    private static string Report(string parent, string conditions) => $$"""{"parentRef":{{parent}},"controllerName":"x","conditions":[{{conditions}}]}""";
}
