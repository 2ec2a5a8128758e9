using System.Text.Json.Nodes;
using PatchOperator.Patches;
using Xunit;

namespace PatchOperator.Tests.Unit.Patches;

/// <summary>What a template may say twice and server-side apply refuses, to the same effect said once.</summary>
public sealed class DuplicatesTests
{
    [Theory]
    [InlineData("""[{"name":"A","value":"1"},{"name":"B","value":"2"}]""", """[{"name":"A","value":"1"},{"name":"B","value":"2"}]""")]
    [InlineData("""[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"A","value":"3"}]""", """[{"name":"B","value":"2"},{"name":"A","value":"3"}]""")]
    [InlineData("""[{"name":"A","value":"1"},{"name":"B","value":"$$(A)"},{"name":"A","value":"3"}]""", """[{"name":"B","value":"$$(A)"},{"name":"A","value":"3"}]""")]
    [InlineData("""[{"name":"A","value":"1"},{"name":"B","value":"$(A)"},{"name":"A","value":"3"}]""", """[{"name":"A_1","value":"1"},{"name":"B","value":"$(A_1)"},{"name":"A","value":"3"}]""")]
    [InlineData("""[{"name":"P","valueFrom":{}},{"name":"P","value":"$(P):a"},{"name":"P","value":"$(P):b"}]""", """[{"name":"P_1","valueFrom":{}},{"name":"P_2","value":"$(P_1):a"},{"name":"P","value":"$(P_2):b"}]""")]
    public void The_last_variable_of_a_name_wins_and_those_before_count_for_what_refers_to_them(string env, string collapsed)
    {
        var pod = Pod(new JsonObject { ["name"] = "php", ["env"] = JsonNode.Parse(env) });
        Duplicates.Collapse(pod);
        Assert.Equal(collapsed, pod["containers"]![0]!["env"]!.ToJsonString());
    }

    [Fact]
    public void A_port_is_named_once_and_a_probe_by_the_other_name_finds_it_by_its_number()
    {
        var pod = Pod(JsonNode.Parse("""
            {"name":"php","ports":[{"name":"http","containerPort":80},{"name":"web","containerPort":80,"protocol":"TCP"},{"name":"dns","containerPort":80,"protocol":"UDP"}],
             "readinessProbe":{"httpGet":{"port":"web"}},"livenessProbe":{"httpGet":{"port":"http"}}}
            """)!.AsObject());
        Duplicates.Collapse(pod);
        var container = pod["containers"]![0]!;
        Assert.Equal("""[{"name":"http","containerPort":80},{"name":"dns","containerPort":80,"protocol":"UDP"}]""", container["ports"]!.ToJsonString());
        Assert.Equal(("80", "http"), (container["readinessProbe"]!["httpGet"]!["port"]!.ToString(), container["livenessProbe"]!["httpGet"]!["port"]!.ToString()));
    }

    private static JsonObject Pod(JsonObject container) => new() { ["containers"] = new JsonArray(container) };
}
