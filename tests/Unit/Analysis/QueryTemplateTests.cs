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

    private static string Render(string text, QueryVariables? variables = null)
    {
        Assert.True(QueryTemplate.TryParse(text, out var template, out var error), error);
        return template.Render(variables ?? Variables);
    }
}
