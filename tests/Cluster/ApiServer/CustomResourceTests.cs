using System.Text.Json.Nodes;
using PatchOperator.TestKit.ApiServer;
using Xunit;

namespace PatchOperator.Tests.Cluster.Double;

public sealed class CustomResourceTests
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    [Fact]
    public async Task Unknown_fields_are_pruned_defaults_filled_in_and_free_fields_kept()
    {
        await using var api = await ApiClient.StartAsync();
        var widget = ApiClient.Widget("w");
        widget["spec"]!["typo"] = 1;
        widget["spec"]!["free"] = new JsonObject { ["anything"] = true };

        var stored = (await api.SendAsync("POST", ApiClient.Widgets, widget)).Expect(201);
        Assert.Equal("""{"severity":"High","free":{"anything":true},"size":3}""", stored["spec"]!.ToJsonString());

        var strict = (await api.SendAsync("POST", ApiClient.Widgets + "?fieldValidation=Strict", widget)).Expect(400);
        Assert.Contains("unknown field \"spec.typo\"", strict.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"severity":"Low"}""", "spec.severity", "Unsupported value: \"Low\": supported values: \"Critical\", \"High\"")]
    [InlineData("""{}""", "spec.severity", "Required value")]
    [InlineData("""{"severity":"High","size":70}""", "spec.size", "Invalid value: 70: spec.size in body should be less than or equal to 10")]
    [InlineData("""{"severity":"High","size":"x"}""", "spec.size", "Invalid value: \"string\": spec.size in body must be of type integer: \"string\"")]
    [InlineData("""{"severity":"High","code":"a1"}""", "spec.code", "Invalid value: \"a1\": spec.code in body should match '^[A-Z]+$'")]
    [InlineData("""{"severity":"High","port":true}""", "spec.port", "Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"severity":"High","parts":[{"name":"a"},{"name":"a"}]}""", "spec.parts[1]", "Duplicate value: {\"name\":\"a\"}")]
    public async Task What_the_schema_forbids_is_refused_with_the_cause(string spec, string field, string message)
    {
        await using var api = await ApiClient.StartAsync();
        var widget = ApiClient.Widget("w");
        widget["spec"] = JsonNode.Parse(spec);

        var refusal = (await api.SendAsync("POST", ApiClient.Widgets, widget)).Expect(422);
        var cause = Assert.Single(refusal.Objects("details", "causes"));
        Assert.Equal((field, message), (cause.Text("field"), cause.Text("message")));
        Assert.Equal($"Widget.example.io \"w\" is invalid: {field}: {message}", refusal.Text("message"));
    }

    [Fact]
    public async Task Status_and_intent_are_written_through_their_own_endpoints_and_only_intent_raises_the_generation()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w"))).Expect(201);
        var path = ApiClient.Widgets + "/w";

        var main = (await api.MergeAsync(path, """{"metadata":{"annotations":{"a":"b"}},"status":{"phase":"Lie"}}""")).Expect(200);
        Assert.Null(main["status"]);
        Assert.Equal(1, main.Integer("metadata", "generation"));

        var status = (await api.MergeAsync(path + "/status", """{"spec":{"size":9},"status":{"phase":"Ready"}}""")).Expect(200);
        Assert.Equal((3, "Ready", 1), (status.Integer("spec", "size"), status.Text("status", "phase"), status.Integer("metadata", "generation")));

        var spec = (await api.MergeAsync(path, """{"spec":{"size":9}}""")).Expect(200);
        Assert.Equal((2, "Ready"), (spec.Integer("metadata", "generation"), spec.Text("status", "phase")));
    }

    [Fact]
    public async Task Tables_show_the_printer_columns_of_the_definition()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w"))).Expect(201);
        (await api.MergeAsync(ApiClient.Widgets + "/w/status", """{"status":{"conditions":[{"type":"Old","status":"False"},{"type":"Ready","status":"True"}]}}""")).Expect(200);

        var table = (await api.SendAsync("GET", ApiClient.Widgets, accept: Table)).Expect(200);
        Assert.Equal(["Name", "Size", "Ready", "Age"], table.Objects("columnDefinitions").Select(c => c.Text("name")));
        var cells = Assert.Single(table.Objects("rows"))["cells"]!.AsArray();
        Assert.Equal("""["w",3,"True"]""", new JsonArray([.. cells.Take(3).Select(c => c?.DeepClone())]).ToJsonString());
        Assert.EndsWith("s", cells[3].Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_custom_resource_takes_no_strategic_merge_and_no_update_without_a_version()
    {
        await using var api = await ApiClient.StartAsync();
        (await api.SendAsync("POST", ApiClient.Widgets, ApiClient.Widget("w"))).Expect(201);

        (await api.SendAsync("PATCH", ApiClient.Widgets + "/w", new JsonObject(), "application/strategic-merge-patch+json")).Expect(415);
        (await api.SendAsync("PUT", ApiClient.Widgets + "/w", ApiClient.Widget("w", "Critical"))).Expect(422);
    }
}
