using PatchOperator.Domain.Analysis;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class QueryTemplateTests
{
    private static readonly QueryVariables Variables = new()
    {
        Namespace = "shop",
        Workload = "web",
        Pods = ["shop-7d9-abc", "shop.v2-7d9-xyz"],
        Track = "canary",
        Window = TimeSpan.FromSeconds(90.2),
    };

    [Fact]
    public void Every_variable_is_filled_in_and_spaces_around_it_do_not_matter()
    {
        var query = Render("{{namespace}} {{ workload }} {{  track }} [{{ window }}] {code=~\"{{ pods }}\"}");

        Assert.Equal("shop web canary [91s] {code=~\"shop-7d9-abc|shop\\\\.v2-7d9-xyz\"}", query);
    }

    [Fact]
    public void A_window_is_never_zero_which_prometheus_refuses()
    {
        Assert.Equal("1s", Render("{{ window }}", Variables with { Window = TimeSpan.Zero }));
        Assert.Equal("1s", Render("{{ window }}", Variables with { Window = TimeSpan.FromSeconds(-3) }));
    }

    [Fact]
    public void A_value_cannot_break_out_of_the_string_it_stands_in()
    {
        Assert.Equal("a=\"x\\\"} or vector(0)\\n\\\\\"", Render("a=\"{{ workload }}\"", Variables with { Workload = "x\"} or vector(0)\n\\" }));
    }

    [Theory]
    [InlineData("sum(x{pod=~\"{{ pod }}\"})", "unknown variable 'pod'")]
    [InlineData("sum(x[{{ window ])", "never closes")]
    [InlineData("{{}}", "unknown variable ''")]
    public void A_mistake_is_named_and_the_known_variables_are_listed(string text, string expected)
    {
        Assert.False(QueryTemplate.TryParse(text, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("{{ namespace }}, {{ workload }}, {{ pods }}, {{ track }}, {{ window }}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a=\"{{ args.v }}\"", "x\"y", "a=\"x\\\"y\"")]
    [InlineData("a='{{ args.v }}'", "x'y\"z", "a='x\\'y\"z'")]
    [InlineData("a='it\\'s {{ args.v }}'", "x'y", "a='it\\'s x\\'y'")]
    [InlineData("a=\"\\\\\",b=\"{{ args.v }}\"", "x\"", "a=\"\\\\\",b=\"x\\\"\"")]
    [InlineData("a=`{{ args.v }}`", "x\"y\\d", "a=`x\"y\\d`")]
    [InlineData("# don't\na=\"{{ args.v }}\"", "x'y", "# don't\na=\"x'y\"")]
    [InlineData("rate(x[{{ args.v }}])", "5m", "rate(x[5m])")]
    [InlineData("sum by ({{ args.v }}) (x)", "route", "sum by (route) (x)")]
    public void An_argument_is_escaped_for_the_quotes_that_it_stands_in(string text, string value, string expected)
    {
        var args = new Dictionary<string, string> { ["v"] = value };
        Assert.True(QueryTemplate.TryParse(text, args, out var template, out var error), error);

        Assert.Equal(expected, template.Render(Variables with { Args = args }));
    }

    [Theory]
    [InlineData("x > {{ args.v }}", "1 or vector(0)", "outside quotes")]
    [InlineData("x{a={{ args.v }}}", "\"b\"", "outside quotes")]
    [InlineData("a=`{{ args.v }}`", "x`y", "back quotes")]
    [InlineData("a=\"{{ args.w }}\"", "x", "unknown variable 'args.w'")]
    [InlineData("a=\"{{ args.w }}\"", "x", "{{ args.v }}")]
    public void An_argument_that_could_break_out_is_refused(string text, string value, string expected)
    {
        Assert.False(QueryTemplate.TryParse(text, new Dictionary<string, string> { ["v"] = value }, out _, out var error));

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_are_exact_alternatives_and_an_empty_one_matches_nothing()
    {
        var variables = Variables with { Deployments = ["web", "api.v1"], PodIps = ["10.0.0.1", "fd00::1"], Paths = ["/checkout(/.*)?", "/a"] };

        Assert.Equal("\"web|api\\\\.v1\"", Render("\"{{ deployments }}\"", variables));
        Assert.Equal("\"10\\\\.0\\\\.0\\\\.1|\\\\[fd00::1\\\\]\"", Render("\"{{ podIPs }}\"", variables));
        Assert.Equal("\"-\"", Render("\"{{ services }}\"", variables));
        Assert.Equal("\"/checkout(/.*)?|/a\"", Render("\"{{ paths }}\"", variables));
        Assert.Equal("\".*\"", Render("\"{{ paths }}\""));
    }

    private static string Render(string text, QueryVariables? variables = null)
    {
        Assert.True(QueryTemplate.TryParse(text, out var template, out var error), error);
        return template.Render(variables ?? Variables);
    }
}
