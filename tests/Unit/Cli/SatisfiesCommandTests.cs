using System.Text;
using PatchOperator.Cli;
using PatchOperator.Cli.Compatibility;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class SatisfiesCommandTests
{
    private const string Yes = "{\"satisfies\":true}";
    private const string No = "{\"satisfies\":false}";

    [Theory]
    [InlineData("2.4.7-p3", ">=2.4.7", ExitCodes.Ok)]
    [InlineData("2.4.7-p3", "<=2.4.7", ExitCodes.Problems)]
    [InlineData("feature", "*", ExitCodes.Failed)]
    [InlineData("1.0", "~>1.0", ExitCodes.Failed)]
    [InlineData("", "", ExitCodes.Failed)]
    public void The_exit_code_is_the_answer(string version, string constraint, int expected)
    {
        var error = new StringWriter();
        Assert.Equal(expected, SatisfiesCommand.Decide(version, constraint, new StringWriter(), error));
        Assert.Equal(expected == ExitCodes.Failed, error.ToString().Length > 0);
    }

    [Fact]
    public void A_batch_answers_every_line_in_order_and_goes_on_after_bad_ones()
    {
        var answers = Ask(
            """{"version":"1.0","constraint":"^1.0"}""",
            """{"constraint":"^2.0","version":"1.0","note":{"a":[1]}}""",
            "{broken",
            "",
            "[1]",
            """{"version":1.0,"constraint":"*"}""",
            """{"version":"1.0"}""",
            """{"version":"1.0","constraint":null}""",
            """{"version":"foo bar","constraint":"~>1"}""",
            """{"version":"1.0","constraint":"^1.0"} trailing""",
            "{\"version\":\"\\ud800\",\"constraint\":\"*\"}",
            "{\"version\":\"1.0\",\"constraint\":\"^1.0\"}\r");
        Assert.Equal(12, answers.Length);
        Assert.Equal([Yes, No], answers[..2]);
        Assert.All(answers[2..11], answer => Assert.StartsWith("{\"error\":\"", answer, StringComparison.Ordinal));
        Assert.Contains("'version' must be a string", answers[5], StringComparison.Ordinal);
        Assert.Contains("no 'constraint'", answers[6], StringComparison.Ordinal);
        Assert.Contains("'foo bar' is not a version", answers[8], StringComparison.Ordinal);
        Assert.Contains("'~>1' is not a constraint", answers[8], StringComparison.Ordinal);
        Assert.Equal(Yes, answers[11]);
    }

    [Fact]
    public void A_last_line_without_an_end_and_a_byte_order_mark_are_read() =>
        Assert.Equal(Yes + "\n", Encoding.UTF8.GetString(Run(new MemoryStream("\uFEFF{\"version\":\"1.0\",\"constraint\":\"*\"}"u8.ToArray()))));

    [Fact]
    public void No_input_has_no_answers() => Assert.Empty(Run(new MemoryStream()));

    [Fact]
    public void Lines_that_span_many_reads_and_lines_longer_than_the_buffer_are_answered()
    {
        var branch = "dev-" + new string('a', 200_000);
        var lines = Enumerable.Range(0, 2000).Select(i => $$"""{"version":"1.{{i}}","constraint":"<1.1000"}""").Append($$"""{"version":"{{branch}}","constraint":"{{branch}}"}""").ToArray();
        using var input = new Trickle(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"), 777);
        var answers = Encoding.UTF8.GetString(Run(input)).Split('\n');
        Assert.Equal([.. Enumerable.Range(0, 2000).Select(i => i < 1000 ? Yes : No), Yes, ""], answers);
    }

    [Fact]
    public void An_answer_is_written_before_the_next_line_is_waited_for()
    {
        using var output = new MemoryStream();
        var seen = new List<long>();
        using var input = new Trickle("{\"version\":\"1.0\",\"constraint\":\"*\"}\n{\"version\":\"1.0\",\"constraint\":\"*\"}\n"u8.ToArray(), 35, () => seen.Add(output.Length));
        SatisfiesBatch.Run(input, output);
        Assert.Equal([0, Yes.Length + 1, (2 * Yes.Length) + 2], seen);
    }

    private static string[] Ask(params string[] lines) =>
        Encoding.UTF8.GetString(Run(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n")))).TrimEnd('\n').Split('\n');

    private static byte[] Run(Stream input)
    {
        using var output = new MemoryStream();
        SatisfiesBatch.Run(input, output);
        return output.ToArray();
    }

    /// <summary>A pipe that has only so much at a time.</summary>
    private sealed class Trickle(byte[] bytes, int most, Action? onRead = null) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            onRead?.Invoke();
            return base.Read(buffer, offset, Math.Min(count, most));
        }
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{\"version\": \"1.0\", ")]
    [InlineData("\r")]
    public void A_line_that_is_not_JSON_is_told_without_a_line_number_of_its_own(string line)
    {
        using var input = new MemoryStream(System.Text.Encoding.UTF8.GetBytes("{\"version\":\"1.0\",\"constraint\":\"^1\"}\n" + line + "\n"));
        using var output = new MemoryStream();
        SatisfiesBatch.Run(input, output);
        var answer = System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n')[1];
        Assert.Contains("The line is not JSON", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", answer, StringComparison.Ordinal);
    }
}
