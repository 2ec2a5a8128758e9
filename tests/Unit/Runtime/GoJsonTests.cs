using System.Text.Json.Nodes;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Runtime;

/// <summary>What the API server compares to the byte in the <c>test</c> of a JSON patch.</summary>
public sealed class GoJsonTests
{
    [Theory]
    [InlineData("{\"actor\":\"o'neil\"}", "\"{\\\"actor\\\":\\\"o'neil\\\"}\"")]
    [InlineData("a+b/c=", "\"a+b/c=\"")]
    [InlineData("<b> & more", "\"\\u003cb\\u003e \\u0026 more\"")]
    [InlineData("über 5 € 😀", "\"über 5 € 😀\"")]
    [InlineData("C:\\x\n\t\r", "\"C:\\\\x\\n\\t\\r\"")]
    [InlineData("\u0001\u001f\u007f", "\"\\u0001\\u001f\u007f\"")]
    [InlineData("\u2028\u2029", "\"\\u2028\\u2029\"")]
    public void Strings_are_written_as_Go_writes_them(string value, string written) => Assert.Equal(written, GoJson.Write(JsonValue.Create(value)));

    [Fact]
    public void All_else_is_plain_JSON_that_reads_back_as_it_was()
    {
        var node = JsonNode.Parse("""{"a":[1,-2.5,true,false,null,{},[],"x",{"k:{\"name\":\"php\"}":{".":{}}}],"b":{"c":"d"}}""")!;
        Assert.Equal("""{"a":[1,-2.5,true,false,null,{},[],"x",{"k:{\"name\":\"php\"}":{".":{}}}],"b":{"c":"d"}}""", GoJson.Write(node));
        Assert.True(JsonNode.DeepEquals(node, JsonNode.Parse(GoJson.Write(node))));
    }
}
