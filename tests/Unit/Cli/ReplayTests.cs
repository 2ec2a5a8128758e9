using System.Globalization;
using System.Text;
using PatchOperator.Cli.Analysis;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout.Replay;
using Xunit;

namespace PatchOperator.Tests.Unit.Cli;

public sealed class ReplayTests
{
    private static readonly EmergencyPatchSpec Spec = new()
    {
        Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 5, Hold = new Duration("10s") }, new CanaryStepSpec { Weight = 50, Hold = new Duration("10s") }] },
        Analysis = new AnalysisSpec
        {
            Metrics =
            [
                new MetricSpec { Name = "http-errors", CompareWith = "Stable", MaxRate = "20%", MinRequests = 50, Failures = "f", Total = "t" },
                new MetricSpec { Name = "client-errors", CompareWith = "Stable", MinRequests = 50, Failures = "f", Total = "t" },
            ],
        },
    };

    [Fact]
    public async Task A_healthy_run_passes_when_the_holds_of_all_steps_are_over()
    {
        var (_, end) = Assert.Single((await PlayAsync(Ticks("good", 60, canary: (0, 20), stable: (0, 380)))).Runs);
        Assert.Equal((Verdict.Pass, 20), (end.Verdict, end.At));
        Assert.Equal(20 * 20, end.CanaryRequests);
        Assert.Equal(20 * 380, end.StableRequests);
    }

    [Fact]
    public async Task A_run_over_the_ceiling_fails_at_the_tick_that_has_enough_requests()
    {
        var (_, end) = Assert.Single((await PlayAsync(Ticks("bad", 60, canary: (10, 20), stable: (5, 380)))).Runs);
        Assert.Equal(Verdict.Fail, end.Verdict);
        Assert.InRange(end.At, 1, 3);
        Assert.Equal("http-errors", end.Telling!.Metric);
    }

    [Fact]
    public async Task A_run_that_ends_before_its_steps_holds()
    {
        var (_, end) = Assert.Single((await PlayAsync(Ticks("short", 12, canary: (0, 20), stable: (0, 380)))).Runs);
        Assert.Equal((Verdict.Hold, 12, 1), (end.Verdict, end.At, end.Step));
    }

    [Fact]
    public async Task Too_little_traffic_holds_and_says_how_much_is_missing()
    {
        var (_, end) = Assert.Single((await PlayAsync(Ticks("quiet", 40, canary: (0, 1), stable: (0, 19)))).Runs);
        Assert.Equal((Verdict.Hold, AssessmentReasons.TooFewRequests), (end.Verdict, end.Telling!.Reason));
        Assert.Contains("about 10 more requests", end.Telling.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_that_are_mixed_line_by_line_end_as_they_do_alone_and_come_out_in_the_order_of_their_first_lines()
    {
        var bad = Ticks("bad", 60, canary: (10, 20), stable: (5, 380));
        var good = Ticks("good", 60, canary: (0, 20), stable: (0, 380));
        var alone = (await PlayAsync(bad)).Runs.Concat((await PlayAsync(good)).Runs).ToArray();
        var mixed = (await PlayAsync(bad.Zip(good).SelectMany(pair => (string[])[pair.First, pair.Second]))).Runs;
        Assert.Equal(alone.Select(r => (r.Name, r.End.Verdict, r.End.At, r.End.CanaryRequests)), mixed.Select(r => (r.Name, r.End.Verdict, r.End.At, r.End.CanaryRequests)));
    }

    [Fact]
    public async Task Cumulative_counts_are_told_from_counts_per_tick_and_give_the_same_end()
    {
        var cumulative = Enumerable.Range(1, 60).Select(t => Line("a", t, (t / 4, 20 * t), (t / 8, 380 * t)));
        var perTick = Enumerable.Range(1, 60).Select(t => Line("a", t, ((t / 4) - ((t - 1) / 4), 20), ((t / 8) - ((t - 1) / 8), 380)));
        var (first, second) = (await PlayAsync(cumulative), await PlayAsync(perTick));
        Assert.Equal((CountsForm.Cumulative, CountsForm.PerTick), (first.Replayer.Form, second.Replayer.Form));
        Assert.Equal(second.Runs.Select(r => (r.End.Verdict, r.End.At, r.End.CanaryRequests)), first.Runs.Select(r => (r.End.Verdict, r.End.At, r.End.CanaryRequests)));
    }

    [Fact]
    public async Task A_counter_that_begins_again_is_counted_on()
    {
        var lines = Enumerable.Range(1, 30).Select(t => Line("a", t, (0, 20 * (t > 15 ? t - 15 : t)), (0, 380 * t)));
        Assert.Equal(20 * 20, Assert.Single((await PlayAsync(lines, CountsForm.Cumulative)).Runs).End.CanaryRequests);
    }

    [Fact]
    public async Task Samples_without_a_metric_are_for_the_first_and_that_is_said()
    {
        var played = await PlayAsync(Ticks("a", 30, (0, 20), (0, 380)));
        Assert.True(played.Replayer.FirstMetricOnly);
        Assert.Equal(Verdict.Pass, Assert.Single(played.Runs).End.Verdict);
    }

    [Fact]
    public async Task A_metric_without_samples_keeps_a_run_from_passing()
    {
        var lines = Enumerable.Range(1, 60).Select(t => Line("a", t, (0, 20), (0, 380), "http-errors"));
        Assert.Equal(Verdict.Hold, Assert.Single((await PlayAsync(lines)).Runs).End.Verdict);
    }

    [Fact]
    public async Task Each_metric_is_judged_by_its_own_samples()
    {
        var lines = Enumerable.Range(1, 200).SelectMany(t => (string[])[Line("a", t, (0, 20), (0, 380), "http-errors"), Line("a", t, (4, 20), (1, 380), "client-errors")]);
        var (_, end) = Assert.Single((await PlayAsync(lines)).Runs);
        Assert.Equal((Verdict.Fail, "client-errors", AssessmentReasons.WorseThanStable), (end.Verdict, end.Telling!.Metric, end.Telling.Reason));
    }

    [Fact]
    public async Task No_numbers_are_never_good()
    {
        var lines = Enumerable.Range(1, 60).Select(t => $$"""{"run":"a","t":{{t}},"canary":null,"stable":null}""");
        var (_, end) = Assert.Single((await PlayAsync(lines)).Runs);
        Assert.Equal((Verdict.Hold, AssessmentReasons.NoData), (end.Verdict, end.Telling!.Reason));
    }

    [Theory]
    [InlineData("[1]", "expected an object")]
    [InlineData("{\"t\":1,\"canary\":null}", "\"run\" is missing")]
    [InlineData("{\"run\":\"a\",\"canary\":null}", "\"t\" is missing")]
    [InlineData("{\"run\":\"a\",\"t\":\"1\",\"canary\":null}", "\"t\" must be a number")]
    [InlineData("{\"run\":\"a\",\"t\":1}", "\"canary\" is missing")]
    [InlineData("{\"run\":\"a\",\"t\":1,\"canary\":{\"failures\":3,\"total\":2}}", "more failures (3) than requests (2)")]
    [InlineData("{\"run\":\"a\",\"t\":1,\"canary\":{\"failures\":-3,\"total\":2}}", "negative")]
    [InlineData("{\"run\":\"a\",\"t\":1,\"canary\":{\"total\":2}}", "must have failures and total")]
    [InlineData("{\"run\":\"a\",\"t\":1,", "is not JSON")]
    [InlineData("{\"run\":\"a\",\"t\":1,\"canary\":null} x", "is not JSON")]
    [InlineData("{\"run\":\"a\",\"t\":1,\"metric\":\"latency\",\"canary\":null}", "the patch has no metric latency; it has http-errors, client-errors")]
    public async Task A_bad_line_is_named_by_its_number(string line, string expected)
    {
        string[] lines = line.Contains("metric", StringComparison.Ordinal) ? ["", line] : ["", line];
        var exception = await Assert.ThrowsAsync<SampleException>(() => PlayAsync(lines));
        Assert.StartsWith("line 2: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_goes_back_in_time_is_refused()
    {
        var exception = await Assert.ThrowsAsync<SampleException>(() => PlayAsync([Line("a", 2, (0, 1), (0, 1)), Line("b", 1, (0, 1), (0, 1)), Line("a", 1, (0, 1), (0, 1))]));
        Assert.Contains("line 3: run a goes back in time", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_output_has_one_line_of_json_for_each_run()
    {
        var lines = ReplayCommand.Json((await PlayAsync(Ticks("b\"ad", 60, (10, 20), (5, 380)))).Runs).Split('\n');
        Assert.Equal(2, lines.Length);
        var json = System.Text.Json.Nodes.JsonNode.Parse(lines[0])!;
        Assert.Equal(("b\"ad", "Fail"), (json["run"]!.GetValue<string>(), json["verdict"]!.GetValue<string>()));
        Assert.Equal(json["t"]!.GetValue<double>() * 20, json["requests"]!.GetValue<double>());
    }

    private static IEnumerable<string> Ticks(string run, int ticks, (double Failures, double Total) canary, (double Failures, double Total) stable) =>
        Enumerable.Range(1, ticks).Select(t => Line(run, t, canary, stable));

    private static string Line(string run, double t, (double Failures, double Total) canary, (double Failures, double Total) stable, string? metric = null) =>
        string.Create(CultureInfo.InvariantCulture, $$$"""
            {"run":{{{System.Text.Json.JsonSerializer.Serialize(run)}}},{{{(metric is null ? "" : $"\"metric\":\"{metric}\",")}}}"t":{{{t}}},"canary":{"failures":{{{canary.Failures}}},"total":{{{canary.Total}}}},"stable":{"failures":{{{stable.Failures}}},"total":{{{stable.Total}}}}}
            """);

    private static async Task<(IReadOnlyList<(string Name, ReplayRun End)> Runs, Replayer Replayer)> PlayAsync(IEnumerable<string> lines, CountsForm form = CountsForm.Auto)
    {
        var replayer = new Replayer(ReplayPlan.Of(Spec), form);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return (await replayer.PlayAsync(stream, CancellationToken.None), replayer);
    }
}
