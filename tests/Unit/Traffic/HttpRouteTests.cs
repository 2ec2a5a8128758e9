using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Traffic;
using Xunit;
using Patching = PatchOperator.TestKit.ApiServer.JsonPatch;

namespace PatchOperator.Tests.Unit.Traffic;

/// <summary>S8: a route is what it was after a run, to the byte, and only owned weights move during it.</summary>
public sealed class HttpRouteTests
{
    private static readonly PreviewIntent Header = new("X-Preview", null, "yes");

    public static TheoryData<string> Cases => [.. RouteCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_rules_during_a_run_are_those_in_the_folder(string name)
    {
        var route = RouteCase.Read(name);
        var split = route.Editor.Split(route.Rules, [], route.Weight);
        Assert.True(JsonNode.DeepEquals(Numbers(route.During), Numbers(split)), split.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_patches_lead_there_and_back_to_the_same_bytes(string name)
    {
        var route = RouteCase.Read(name);
        var saved = route.Editor.Originals(route.Rules, []);
        var during = Patched(route.Before, route.Editor, Split(route.Editor, route.Rules, saved, route.Weight));
        Assert.Equal(route.Preview is not null || route.Weight > 0, route.Editor.NamesCanary(Rules(during)));

        var other = Patched(during, route.Editor, Split(route.Editor, Rules(during), saved, Math.Min(100, route.Weight + 30)));
        var after = Patched(other, route.Editor, route.Editor.Restored(Rules(other), saved));
        Assert.Equal(route.Before.ToJsonString(), after.ToJsonString());
        Assert.False(route.Editor.NamesCanary(Rules(after)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_second_time_changes_nothing(string name)
    {
        var route = RouteCase.Read(name);
        var saved = route.Editor.Originals(route.Rules, []);
        var during = Split(route.Editor, route.Rules, saved, route.Weight);
        Assert.Equal(saved, route.Editor.Originals(during, saved));
        Assert.Null(HttpRoutePatch.Between("uid", during, Split(route.Editor, during, saved, route.Weight), r => route.Editor.IsPreview(r, during)));
        Assert.Null(HttpRoutePatch.Between("uid", route.Rules, route.Editor.Restored(route.Rules, saved), r => route.Editor.IsPreview(r, route.Rules)));
    }

    [Fact]
    public void Nothing_but_weights_and_the_canarys_own_backend_is_written()
    {
        var route = RouteCase.Read("plain-route");
        var patch = HttpRoutePatch.Between("route-uid", route.Rules, Split(route.Editor, route.Rules, [], 25), r => route.Editor.IsPreview(r, route.Rules))!.ToJson();
        Assert.Equal(
            ["test /metadata/uid", "test /spec/rules/0", "replace /spec/rules/0/backendRefs/0/weight", "add /spec/rules/0/backendRefs/1"],
            patch.Select(o => $"{o!["op"]} {o["path"]}"));
    }

    [Fact]
    public void A_rule_that_someone_changed_in_between_makes_the_patch_fail()
    {
        var route = RouteCase.Read("plain-route");
        var patch = HttpRoutePatch.Between("route-uid", route.Rules, Split(route.Editor, route.Rules, [], 25), r => route.Editor.IsPreview(r, route.Rules))!;
        route.Before["spec"]!["rules"]![0]!["timeouts"]!["request"] = "10s";
        Assert.ThrowsAny<Exception>(() => Patching.Apply(route.Before, patch.ToJson()));
    }

    [Fact]
    public void A_rule_that_was_added_in_mid_run_is_split_and_given_back_with_its_own_weight()
    {
        var route = RouteCase.Read("plain-route");
        var saved = route.Editor.Originals(route.Rules, []);
        var during = Split(route.Editor, route.Rules, saved, 25);
        during.Insert(0, JsonNode.Parse("""{"matches":[{"path":{"type":"Exact","value":"/new"}}],"backendRefs":[{"name":"web","port":80,"weight":40}]}"""));
        var now = route.Editor.Originals(during, saved);
        Assert.Equal([40, 1], now.Select(b => b.Weight));
        var split = Split(route.Editor, during, now, 25);
        Assert.Equal([40, 1], route.Editor.Originals(split, now).Select(b => b.Weight));
        Assert.Equal(40, (int)route.Editor.Restored(split, now)[0]!["backendRefs"]![0]!["weight"]!);
        Assert.Equal(1, (int)route.Editor.Restored(split, now)[1]!["backendRefs"]![0]!["weight"]!);
    }

    [Fact]
    public void Services_that_no_rule_names_for_a_moment_are_not_forgotten()
    {
        var route = RouteCase.Read("plain-route");
        var saved = route.Editor.Originals(route.Rules, []);
        var maintenance = JsonNode.Parse("""[{"backendRefs":[{"name":"maintenance","port":80}]}]""")!.AsArray();
        Assert.Equal(saved, route.Editor.Originals(maintenance, saved));
        Assert.True(JsonNode.DeepEquals(maintenance, route.Editor.Split(maintenance, saved, 25)));
        Assert.True(JsonNode.DeepEquals(maintenance, route.Editor.Restored(maintenance, saved)));
        Assert.Equal(saved, route.Editor.Originals(route.Rules, route.Editor.Originals(maintenance, saved)));
    }

    [Fact]
    public void A_preview_is_put_ahead_of_no_other_rule_than_was_read()
    {
        var route = RouteCase.Read("plain-route") with { Preview = Header };
        var patch = HttpRoutePatch.Between("route-uid", route.Rules, Split(route.Editor, route.Rules, [], 0), r => route.Editor.IsPreview(r, route.Rules))!;
        route.Before["spec"]!["rules"]!.AsArray().Insert(0, JsonNode.Parse("""{"backendRefs":[{"name":"other","port":80}]}"""));
        Assert.ThrowsAny<Exception>(() => Patching.Apply(route.Before, patch.ToJson()));
    }

    [Fact]
    public void A_preview_doubles_the_matches_and_a_rule_without_any_has_one()
    {
        var rules = JsonNode.Parse("""[{"matches":[{"path":{"value":"/a"}},{"path":{"value":"/b"}}],"backendRefs":[{"name":"web"}]},{"backendRefs":[{"name":"other"}]}]""")!.AsArray();
        var editor = new HttpRouteRules("shop", ["web"], Header);
        Assert.Equal(3, HttpRouteRules.Matches(rules));
        Assert.Equal(5, HttpRouteRules.Matches(editor.Split(rules, [], 25)));
    }

    [Fact]
    public void A_rule_that_was_edited_in_mid_run_keeps_the_edit_and_gets_its_weight_back()
    {
        var route = RouteCase.Read("beside-other-backends");
        var saved = route.Editor.Originals(route.Rules, []);
        var during = Split(route.Editor, route.Rules, saved, 25);
        during[0]!["timeouts"] = new JsonObject { ["request"] = "1s" };
        var after = route.Editor.Restored(during, saved);
        Assert.Equal("1s", (string?)after[0]!["timeouts"]!["request"]);
        Assert.Equal(900, (int)after[0]!["backendRefs"]![1]!["weight"]!);
        Assert.Equal(2, after[0]!["backendRefs"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(100, 5, null)]
    [InlineData(20, 5, null)]
    [InlineData(9, 5, "multiply all weights of the rule by 100")]
    [InlineData(1, 50, "multiply all weights of the rule by 100")]
    public void A_weight_beside_others_that_is_too_small_to_divide_is_named(int weight, int percent, string? problem)
    {
        var rules = JsonNode.Parse($$"""[{"backendRefs":[{"name":"web","weight":{{weight}}},{"name":"legacy","weight":1}]}]""")!.AsArray();
        var message = new HttpRouteRules("shop", ["web"]).TooCoarse(rules, [], percent);
        Assert.Equal(problem is null, message is null);
        Assert.Contains(problem ?? "", message ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_any_route_only_the_share_moves_and_all_of_it_comes_back(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            var route = RandomRoute(random);
            var editor = new HttpRouteRules("shop", ["web", "api"], random.Next(2) == 0 ? Header : null);
            var rules = Rules(route);
            var saved = editor.Originals(rules, []);
            var state = route;
            for (var step = 0; step < 4; step++)
            {
                var percent = random.Next(0, 101);
                state = Patched(state, editor, Split(editor, Rules(state), saved, percent));
                AssertShares(rules, Rules(state), percent, editor);
            }

            Assert.Equal(route.ToJsonString(), Patched(state, editor, editor.Restored(Rules(state), saved)).ToJsonString());
        }
    }

    [Fact]
    public void An_edit_of_one_rule_gives_it_no_weight_of_another()
    {
        var (editor, rules) = (new HttpRouteRules("shop", ["web"]), Parsed("""
            [{"matches":[{"path":{"value":"/api"}}],"backendRefs":[{"name":"web","weight":1}]},
             {"backendRefs":[{"name":"web","weight":90},{"name":"legacy","weight":10}]}]
            """));
        var saved = editor.Originals(rules, []);
        var during = Split(editor, rules, saved, 25);
        during[1]!["timeouts"] = new JsonObject { ["request"] = "1s" };
        var now = editor.Originals(during, saved);
        Assert.Equal([1, 90], now.Select(b => b.Weight));
        Assert.True(JsonNode.DeepEquals(during, Split(editor, during, now, 25)));
        Assert.Equal(68, (int)during[1]!["backendRefs"]![0]!["weight"]!);
        var after = editor.Restored(during, now);
        Assert.Equal("1s", (string?)after[1]!["timeouts"]!["request"]);
        Assert.True(JsonNode.DeepEquals(rules[1]!["backendRefs"], after[1]!["backendRefs"]), after.ToJsonString());
    }

    [Fact]
    public void A_rule_of_the_workloads_own_that_was_edited_gets_the_record_that_no_other_rule_claims_if_its_shares_show_it()
    {
        var (editor, rules) = (new HttpRouteRules("shop", ["web", "api"]), Parsed("""
            [{"matches":[{"path":{"value":"/a"}}],"backendRefs":[{"name":"web","weight":7}]},
             {"matches":[{"path":{"value":"/b"}}],"backendRefs":[{"name":"web","weight":5},{"name":"api","weight":15}]},
             {"matches":[{"path":{"value":"/c"}}],"backendRefs":[{"name":"web","weight":3},{"name":"api","weight":1}]}]
            """));
        var saved = editor.Originals(rules, []);
        var during = Split(editor, rules, saved, 25);
        during[2]!["timeouts"] = new JsonObject { ["request"] = "1s" };
        during.RemoveAt(1);
        var now = editor.Originals(during, saved);
        Assert.Equal([7, 3, 1], now.Select(b => b.Weight));
        Assert.True(JsonNode.DeepEquals(during, Split(editor, during, now, 25)));
    }

    [Fact]
    public void A_backend_that_comes_beside_a_split_rule_in_mid_run_gives_the_canary_no_more()
    {
        var (editor, rules) = (new HttpRouteRules("shop", ["web"]), Parsed("""[{"backendRefs":[{"name":"web","port":80}]}]"""));
        var saved = editor.Originals(rules, []);
        var during = Split(editor, rules, saved, 5);
        during[0]!["backendRefs"]!.AsArray().Add(JsonNode.Parse("""{"name":"media","port":80}"""));
        var now = editor.Originals(during, saved);
        Assert.True(JsonNode.DeepEquals(during, Split(editor, during, now, 5)), Split(editor, during, now, 5).ToJsonString());
        Assert.Null(editor.TooCoarse(during, now, 5));
        Assert.Equal([25, 75], Weights(Split(editor, during, now, 25), "web-canary", "web"));
        Assert.Equal(now, editor.Originals(Split(editor, during, now, 25), now));

        // As from a manifest that knows of no canary: one unit cannot be divided, and all of it is too much.
        var manifest = Parsed("""[{"backendRefs":[{"name":"web","port":80},{"name":"media","port":80}]}]""");
        var split = Split(editor, manifest, now, 5);
        Assert.Equal([0, 1], Weights(split, "web-canary", "web"));
        Assert.Contains("rule 1", editor.TooCoarse(split, editor.Originals(manifest, now), 5), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_whose_stable_backend_was_taken_out_in_mid_run_gets_it_back_and_is_not_lost()
    {
        var route = RouteCase.Read("plain-route");
        foreach (var preview in (PreviewIntent?[])[null, Header])
        {
            var editor = new HttpRouteRules("shop", ["web"], preview);
            var saved = editor.Originals(route.Rules, []);
            var state = Patched(route.Before, editor, Split(editor, route.Rules, saved, 25));
            Rules(state).Last()!["backendRefs"]!.AsArray().RemoveAt(0);
            Assert.Equal(100, editor.Percent(Rules(state)));
            Assert.Equal(saved, editor.Originals(Rules(state), saved));
            Assert.True(JsonNode.DeepEquals(Split(editor, route.Rules, saved, 25), Rules(Patched(state, editor, Split(editor, Rules(state), saved, 25)))));
            Assert.True(JsonNode.DeepEquals(route.Rules, Rules(Patched(state, editor, editor.Restored(Rules(state), saved)))));
        }
    }

    [Fact]
    public void A_preview_that_the_spec_does_not_name_any_more_goes_all_the_same()
    {
        var route = RouteCase.Read("header-preview-at-nothing");
        var saved = route.Editor.Originals(route.Rules, []);
        var during = Patched(route.Before, route.Editor, Split(route.Editor, route.Rules, saved, 25));
        foreach (var preview in (PreviewIntent?[])[null, new PreviewIntent(null, "tester", "1")])
        {
            var editor = new HttpRouteRules("shop", ["web"], preview);
            Assert.Equal(route.Before.ToJsonString(), Patched(during, editor, editor.Restored(Rules(during), saved)).ToJsonString());
        }
    }

    public static TheoryData<string?, string?> Sessions => new()
    {
        { null, null },
        { "shop", "shop-canary" },
        { new string('s', 121), new string('s', 121) + "-canary" },
    };

    [Theory]
    [MemberData(nameof(Sessions))]
    public void A_previews_session_has_a_name_of_its_own_where_the_rules_has_one(string? session, string? own)
    {
        var (editor, rules) = (new HttpRouteRules("shop", ["web"], Header), WithSession(session));
        var during = Split(editor, rules, editor.Originals(rules, []), 25);
        Assert.Equal([own, session], during.Select(r => (string?)r!["sessionPersistence"]!["sessionName"]));
        Assert.All(during, r => Assert.Equal("1h", (string?)r!["sessionPersistence"]!["absoluteTimeout"]));
    }

    [Fact]
    public void A_sessions_name_that_would_be_too_long_is_cut_and_told_apart()
    {
        var editor = new HttpRouteRules("shop", ["web"], Header);
        string[] names = [new string('s', 122), new string('s', 128), new string('s', 121) + "-canary"];
        var own = names.Select(n => (string)Split(editor, WithSession(n), [], 25)[0]!["sessionPersistence"]!["sessionName"]!).ToArray();
        Assert.All(own, n => Assert.Equal(128, n.Length));
        Assert.All(own, n => Assert.EndsWith("-canary", n, StringComparison.Ordinal));
        Assert.Equal(6, own.Concat(names).Distinct().Count());
    }

    /// <summary>Also where the spec names no preview any more, or another.</summary>
    [Fact]
    public void A_preview_that_an_earlier_version_wrote_with_the_rules_own_session_is_known_replaced_and_removed()
    {
        var before = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = "route-uid" }, ["spec"] = new JsonObject { ["rules"] = WithSession("shop") } };
        var writer = new HttpRouteRules("shop", ["web"], Header);
        var saved = writer.Originals(Rules(before), []);
        var current = Patched(before, writer, Split(writer, Rules(before), saved, 25));
        var earlier = current.DeepClone().AsObject();
        Rules(earlier)[0]!["sessionPersistence"]!["sessionName"] = "shop";
        foreach (var preview in (PreviewIntent?[])[Header, null, new PreviewIntent(null, "tester", "1")])
        {
            var editor = new HttpRouteRules("shop", ["web"], preview);
            foreach (var during in (JsonObject[])[current, earlier])
            {
                Assert.True(editor.IsPreview(Rules(during)[0]!.AsObject(), Rules(during)));
                Assert.Equal(25, editor.Percent(Rules(during)));
                Assert.Equal(before.ToJsonString(), Patched(during, editor, editor.Restored(Rules(during), saved)).ToJsonString());
            }
        }

        Assert.Equal(current.ToJsonString(), Patched(earlier, writer, Split(writer, Rules(earlier), saved, 25)).ToJsonString());
    }

    /// <summary>A controller may search for the expression in the header, so that it has to be right by itself.</summary>
    [Theory]
    [InlineData("preview=v1.2", true)]
    [InlineData("a=b; preview=v1.2", true)]
    [InlineData("preview=v1.2; a=b", true)]
    [InlineData("a=b;preview=v1.2;c=d", true)]
    [InlineData("xpreview=v1.2", false)]
    [InlineData("a=b; xpreview=v1.2", false)]
    [InlineData("a=preview=v1.2", false)]
    [InlineData("preview=v1x2", false)]
    [InlineData("preview=v1.23", false)]
    [InlineData("preview=v1.2x", false)]
    [InlineData("Preview=v1.2", false)]
    [InlineData("preview=v1", false)]
    public void A_cookie_is_found_among_others_and_no_other_is_taken_for_it(string header, bool isPreview)
    {
        var route = RouteCase.Read("cookie-preview");
        var match = Split(route.Editor, route.Rules, [], 25)[0]!["matches"]![0]!["headers"]![0]!;
        Assert.Equal(("Cookie", "RegularExpression"), ((string?)match["name"], (string?)match["type"]));
        Assert.Equal(isPreview, Regex.IsMatch(header, (string)match["value"]!));
        Assert.Equal(isPreview, Regex.Match(header, (string)match["value"]!).Length == header.Length);
    }

    [Fact]
    public void Two_that_share_a_rule_do_not_undo_each_others_work()
    {
        var before = JsonNode.Parse("""{"metadata":{"uid":"route-uid"},"spec":{"rules":[{"backendRefs":[{"name":"api","weight":100},{"name":"web","weight":300}]}]}}""")!.AsObject();
        var (web, api) = (new HttpRouteRules("shop", ["web"], Header), new HttpRouteRules("shop", ["api"], Header));
        var (ofWeb, ofApi) = (web.Originals(Rules(before), []), api.Originals(Rules(before), []));
        var state = Patched(before, web, Split(web, Rules(before), ofWeb, 25));
        Assert.Equal(ofApi, api.Originals(Rules(state), ofApi));
        state = Patched(state, api, Split(api, Rules(state), ofApi, 50));
        Assert.Equal(ofWeb, web.Originals(Rules(state), ofWeb));
        Assert.True(JsonNode.DeepEquals(Rules(state), Split(web, Rules(state), ofWeb, 25)));
        Assert.True(JsonNode.DeepEquals(Rules(state), Split(api, Rules(state), ofApi, 50)));
        state = Patched(state, web, web.Restored(Rules(state), ofWeb));
        state = Patched(state, api, api.Restored(Rules(state), ofApi));
        Assert.Equal(before.ToJsonString(), state.ToJsonString());
    }

    /// <summary>Others keep their weights, and the canary's part of what the workload had is never above the percentage.</summary>
    private static void AssertShares(JsonArray before, JsonArray now, int percent, HttpRouteRules editor)
    {
        var rules = now.OfType<JsonObject>().Where(r => !editor.IsPreview(r, now)).ToArray();
        Assert.Equal(before.Count, rules.Length);
        var isCoarse = editor.TooCoarse(before, [], percent) is not null;
        foreach (var (old, rule) in before.OfType<JsonObject>().Zip(rules))
        {
            var backends = rule["backendRefs"]!.AsArray().OfType<JsonObject>().ToArray();
            Assert.Equal(
                old["backendRefs"]!.AsArray().OfType<JsonObject>().Where(IsOther).Select(b => b.ToJsonString()),
                backends.Where(IsOther).Select(b => b.ToJsonString()));
            double own = backends.Where(b => !IsOther(b)).Sum(Weight);
            double canary = backends.Where(b => b["name"]!.GetValue<string>().EndsWith("-canary", StringComparison.Ordinal)).Sum(Weight);
            Assert.True(canary <= own * percent / 100, rule.ToJsonString());
            Assert.True(percent == 0 || own == 0 || canary > 0 || isCoarse, rule.ToJsonString());
        }

        static bool IsOther(JsonObject backend) => backend["name"]!.GetValue<string>() is not ("web" or "api" or "web-canary" or "api-canary");
        static double Weight(JsonObject backend) => backend["weight"]?.GetValue<int>() ?? 1;
    }

    private static JsonObject RandomRoute(Random random)
    {
        var rules = new JsonArray();
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var backends = new JsonArray();
            for (var j = random.Next(0, 4); j > 0; j--)
            {
                string[] names = ["web", "api", "legacy", "media"];
                var backend = new JsonObject { ["name"] = names[random.Next(names.Length)], ["port"] = 80 + random.Next(2) };
                if (random.Next(3) > 0)
                {
                    int[] weights = [0, 1, 2, 9, 90, 100, 1000, 1_000_000];
                    backend["weight"] = weights[random.Next(weights.Length)];
                }

                backends.Add((JsonNode)backend);
            }

            var rule = new JsonObject { ["backendRefs"] = backends };
            if (random.Next(2) == 0)
            {
                rule["matches"] = new JsonArray(new JsonObject { ["path"] = new JsonObject { ["type"] = "Exact", ["value"] = $"/{random.Next(2)}" } });
            }

            rules.Add((JsonNode)rule);
        }

        return new JsonObject { ["metadata"] = new JsonObject { ["uid"] = "route-uid" }, ["spec"] = new JsonObject { ["rules"] = rules } };
    }

    private static JsonArray Split(HttpRouteRules editor, JsonArray rules, IReadOnlyList<BackendRecord> saved, int percent) =>
        editor.Split(rules, saved, percent);

    private static JsonObject Patched(JsonObject route, HttpRouteRules editor, JsonArray wanted)
    {
        var patch = HttpRoutePatch.Between("route-uid", Rules(route), wanted, r => editor.IsPreview(r, Rules(route)));
        var patched = patch is null ? route : Patching.Apply(route, patch.ToJson());
        Assert.True(JsonNode.DeepEquals(wanted, Rules(patched)), $"{Rules(patched).ToJsonString()} instead of {wanted.ToJsonString()}");
        return patched;
    }

    private static JsonArray WithSession(string? name)
    {
        var rules = Parsed("""[{"backendRefs":[{"name":"web","port":80,"weight":1}],"sessionPersistence":{"absoluteTimeout":"1h","type":"Cookie"}}]""");
        if (name is not null)
        {
            rules[0]!["sessionPersistence"]!["sessionName"] = name;
        }

        return rules;
    }

    private static JsonArray Parsed(string rules) => JsonNode.Parse(rules)!.AsArray();

    private static IEnumerable<int> Weights(JsonArray rules, params string[] names) =>
        names.Select(name => rules[0]!["backendRefs"]!.AsArray().Single(b => (string?)b!["name"] == name)!["weight"]?.GetValue<int>() ?? 1);

    private static JsonArray Rules(JsonObject route) => route["spec"]!["rules"]!.AsArray();

    /// <summary>YAML and code write the same number in different types.</summary>
    private static JsonNode Numbers(JsonNode node) => JsonNode.Parse(node.ToJsonString())!;
}
