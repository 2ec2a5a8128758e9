using System.Text;
using System.Text.Json;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using Xunit;

namespace PatchOperator.Tests.Unit.Analysis;

public sealed class ProbeExpectationTests
{
    private const string Order = """{"data":{"placeOrder":{"order":{"number":"000000123","items":[{"sku":"a","qty":2}],"total":12.50,"gift":false,"note":null}}},"a key":{"b":1}}""";

    [Theory]
    [InlineData("$.data.placeOrder.order.number", "000000123")]
    [InlineData("$.data.placeOrder.order.items[0].sku", "a")]
    [InlineData("$.data['placeOrder'][\"order\"].items[0].qty", "2")]
    [InlineData("$.data.placeOrder.order.total", "12.50")]
    [InlineData("$.data.placeOrder.order.gift", "false")]
    [InlineData("$['a key'].b", "1")]
    public void A_path_names_one_value(string path, string value)
    {
        Assert.Null(Failure(new() { Json = [new() { Path = path }] }, Order));
        Assert.Null(Failure(new() { Json = [new() { Path = path, EqualTo = value }] }, Order));
        Assert.Equal($"another value at {path} than expected", Failure(new() { Json = [new() { Path = path, EqualTo = value + "x" }] }, Order));
    }

    [Theory]
    [InlineData("$.data.placeOrder.order.items[1]")]
    [InlineData("$.data.placeOrder.order.note")]
    [InlineData("$.data.placeOrder.order.number.length")]
    [InlineData("$.data[0]")]
    [InlineData("$.nothing")]
    public void Where_there_is_nothing_the_probe_fails(string path) => Assert.Equal($"nothing at {path}", Failure(new() { Json = [new() { Path = path }] }, Order));

    [Theory]
    [InlineData("data.order")]
    [InlineData("")]
    [InlineData("$.")]
    [InlineData("$..order")]
    [InlineData("$.items[*]")]
    [InlineData("$.items[-1]")]
    [InlineData("$.items[0")]
    [InlineData("$['open]")]
    [InlineData("$.items[?(@.a)]")]
    public void Anything_that_could_name_several_values_is_refused(string path)
    {
        Assert.False(JsonPath.TryParse(path, out _, out var error));
        Assert.Contains("Allowed are $, .name", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whole_answer_is_a_value_too()
    {
        Assert.True(JsonPath.TryParse("$", out var path, out _));
        using var document = JsonDocument.Parse("[1]");
        Assert.Equal(JsonValueKind.Array, path.Find(document.RootElement)!.Value.ValueKind);
    }

    [Theory]
    [InlineData("""{"data":{"cart":null},"errors":[{"message":"Internal server error"}]}""", "GraphQL errors in the answer")]
    [InlineData("""{"errors":{"message":"no"}}""", "GraphQL errors in the answer")]
    [InlineData("""[]""", "GraphQL errors in the answer")]
    [InlineData("""<html>""", "the answer is not JSON")]
    [InlineData("", "the answer is not JSON")]
    [InlineData("""{"data":{"cart":{}},"errors":[]}""", null)]
    [InlineData("""{"data":{"cart":{}},"errors":null}""", null)]
    [InlineData("""{"data":{"cart":{}}}""", null)]
    public void Failures_that_answer_200_are_seen(string body, string? expected) => Assert.Equal(expected, Failure(new() { NoGraphQLErrors = true }, body));

    [Fact]
    public void Text_that_is_not_unicode_is_no_json() =>
        Assert.Equal("the answer is not JSON", Failure(new() { Json = [new() { Path = "$.half", EqualTo = "x" }] }, """{"half":"\ud800"}"""));

    [Fact]
    public void Status_text_and_latency_are_judged()
    {
        Assert.Null(Failure(null, ""));
        Assert.Equal("status 500 where 200 was expected", Failure(null, "", status: 500));
        Assert.Equal("status 302 where 200 or 304 was expected", Failure(new() { Status = [200, 304] }, "", status: 302));
        Assert.Null(Failure(new() { Status = [401] }, "", status: 401));
        Assert.Null(Failure(new() { Text = "Danke für" }, "…Danke für Ihre Bestellung"));
        Assert.Equal("the expected text is not in the answer", Failure(new() { Text = "Danke" }, "Fehler"));
        Assert.Equal("slower than 0.8s", Failure(new() { MaxLatency = new Duration("800ms") }, "", milliseconds: 801));
        Assert.Null(Failure(new() { MaxLatency = new Duration("800ms") }, "", milliseconds: 800));
    }

    [Fact]
    public void What_was_answered_is_never_repeated()
    {
        const string body = """{"token":"planted","errors":[{"message":"planted"}]}""";
        string?[] failures =
        [
            Failure(new() { NoGraphQLErrors = true }, body), Failure(new() { Text = "x" }, body), Failure(new() { Json = [new() { Path = "$.token", EqualTo = "other" }] }, body),
            Failure(new() { Json = [new() { Path = "$.missing" }] }, body), Failure(null, body, status: 500),
        ];
        Assert.All(failures, failure => Assert.DoesNotContain("planted", failure!, StringComparison.Ordinal));
    }

    private static string? Failure(ProbeExpectSpec? expect, string body, int status = 200, double milliseconds = 5) =>
        new ProbeExpectation(expect).Failure(status, Encoding.UTF8.GetBytes(body), TimeSpan.FromMilliseconds(milliseconds));
}
