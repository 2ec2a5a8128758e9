using System.Text.Json.Nodes;
using PatchOperator.Domain.Audit;
using Xunit;

namespace PatchOperator.Tests.Unit.Audit;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{ "b" : 1, "a" : [ true , null ] }""", """{"a":[true,null],"b":1}""")]
    [InlineData("""{"ä":1,"z":2,"A":3}""", """{"A":3,"z":2,"ä":1}""")]
    [InlineData("\"\\u00e9\\u0001\\/\\u000a\\u0022\"", "\"é\\u0001/\\n\\\"\"")]
    [InlineData("1.0", "1")]
    [InlineData("-0.0", "0")]
    [InlineData("4.50", "4.5")]
    [InlineData("2e-3", "0.002")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("123456789012345680000", "123456789012345680000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("-1.5e30", "-1.5e+30")]
    [InlineData("333333333.33333329", "333333333.3333333")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    public void One_value_has_one_text(string given, string canonical) =>
        Assert.Equal(canonical, CanonicalJson.Write(JsonNode.Parse(given)));

    [Fact]
    public void Nothing_at_all_is_null() => Assert.Equal("null", CanonicalJson.Write((JsonNode?)null));

    [Fact]
    public void The_hash_is_that_of_the_canonical_text() =>
        Assert.Equal("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", CanonicalJson.Sha256(new JsonObject()));
}
