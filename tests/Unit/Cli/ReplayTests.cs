using System.CommandLine;
using System.Globalization;
using System.Text;
using PatchOperator.Cli;
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

    // The format is per tick. What never falls for a while may still be traffic that climbs, or that is too little to tell.
    [Theory]
    [InlineData(10, 1, 100, 1)]
    [InlineData(10, 1, 380, 0)]
    [InlineData(20, 0, 380, 0)]
    [InlineData(100, 3, 2000, 50)]
    public async Task Traffic_that_only_climbs_is_still_counted_by_the_tick(double canary, double canaryMore, double stable, double stableMore)
    {
        var lines = Enumerable.Range(0, 600).Select(t => Line("a", t, (0, canary + (canaryMore * t)), (0, stable + (stableMore * t))));
        Assert.Equal(CountsForm.PerTick, (await PlayAsync(lines)).Replayer.Form);
    }

    [Fact]
    public async Task Cumulative_counts_of_irregular_traffic_are_known_as_such()
    {
        var random = new Random(1);
        var lines = Enumerable.Range(0, 100).SelectMany(run =>
        {
            var (canary, stable) = (0, 0);
            return Enumerable.Range(1, 50).Select(t => Line($"run-{run}", t, (0, canary += random.Next(10)), (0, stable += random.Next(200)))).ToArray();
        });
        Assert.Equal(CountsForm.Cumulative, (await PlayAsync(lines)).Replayer.Form);
    }

    [Fact]
    public async Task A_calendars_seconds_are_taken_from_the_runs_first_sample()
    {
        var (name, end) = Assert.Single((await PlayAsync(Enumerable.Range(0, 60).Select(t => Line("a", 1_795_000_000 + t, (0, 20), (0, 380))))).Runs);
        Assert.Equal(("a", Verdict.Pass, 20), (name, end.Verdict, end.At));
    }

    [Theory]
    [InlineData(1_795_000_000_000)]
    [InlineData(-1e18)]
    [InlineData(1e300)]
    public async Task A_time_that_is_none_is_refused_with_its_line_and_hangs_nothing(double t)
    {
        var lines = Ticks("a", 50_000, (0, 20), (0, 380)).Append(Line("b", t, (0, 20), (0, 380))).Concat(Ticks("c", 50_000, (0, 20), (0, 380)));
        var exception = await Assert.ThrowsAsync<SampleException>(() => PlayAsync(lines)).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.StartsWith("line 50001: \"t\" is", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proof_ends_a_hold_early_where_the_step_allows_it()
    {
        var early = Spec with
        {
            Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("1h"), PassEarly = true }] },
            Analysis = Spec.Analysis! with { Metrics = [Spec.Analysis.Metrics![0]] },
        };
        var late = early with { Canary = new CanarySpec { Steps = [new CanaryStepSpec { Weight = 50, Hold = new Duration("1h") }] } };
        var lines = Ticks("a", 1000, (0, 20), (0, 20)).ToArray();

        var end = Assert.Single((await PlayAsync(lines, spec: early)).Runs).End;
        Assert.Equal(Verdict.Pass, end.Verdict);
        Assert.InRange(end.CanaryRequests, 100, 3000);
        Assert.Equal(Verdict.Hold, Assert.Single((await PlayAsync(lines, spec: late)).Runs).End.Verdict);
    }

    [Fact]
    public async Task What_other_tools_write_is_read_as_well()
    {
        var lines = Enumerable.Range(1, 60).Select(t => $$$"""  {"run":"größe-店","extra":{"deep":[1,{"x":null}]},"t":{{{t}}}.0,"canary":{"total":20,"failures":0,"p99":3},"host":"a"}""" + " ");
        var replayer = new Replayer(ReplayPlan.Of(Spec).FirstMetricOnly(), CountsForm.Auto);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("\uFEFF" + string.Join("\r\n", lines) + "\r\n\r\n"));
        var (name, end) = Assert.Single(await replayer.PlayAsync(stream, CancellationToken.None));

        // Without stable the comparison has nothing to go by, and that is never good.
        Assert.Equal(("größe-店", Verdict.Hold, AssessmentReasons.StableNoData), (name, end.Verdict, end.Telling!.Reason));
        Assert.Equal(60 * 20, end.CanaryRequests);
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\udc00x\"")]
    public async Task Half_a_character_is_refused_with_its_line(string run)
    {
        var exception = await Assert.ThrowsAsync<SampleException>(() => PlayAsync(["", $$"""{"run":{{run}},"t":1,"canary":null}"""]));
        Assert.StartsWith("line 2: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Latin_1_is_refused_with_its_line()
    {
        var replayer = new Replayer(ReplayPlan.Of(Spec), CountsForm.Auto);
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes("""{"run":"größe","t":1,"canary":null}"""));
        var exception = await Assert.ThrowsAsync<SampleException>(() => replayer.PlayAsync(stream, CancellationToken.None));
        Assert.StartsWith("line 1: ", exception.Message, StringComparison.Ordinal);
    }

    private const string Manifest = """
        apiVersion: patchoperator.io/v1alpha1
        kind: EmergencyPatch
        metadata: {name: a, namespace: shop}
        spec:
          canary: {traffic: {httpRoute: {name: shop}}, preview: {header: {name: X-Canary, value: "1"}}, steps: [{weight: WEIGHT, hold: 10s}]}
          analysis:
            provider: {podMetrics: {port: 9113}}
            metrics: [{name: http-errors, preset: podMetrics, maxRate: "2%", compareWith: Stable}]
        """;

    [Theory]
    [InlineData("50", """{"run":"a","t":1,"canary":{"failures":60,"total":60},"stable":{"failures":0,"total":60}}""", 0, "Fail")]
    [InlineData("50", "", 0, "")]
    [InlineData("50", "nonsense", 2, "samples.ndjson: line 1: is not JSON")]
    [InlineData("50", """{"run":"a","t":1795000000000,"canary":null}""", 2, "line 1: \"t\" is")]
    [InlineData("0", """{"run":"a","t":1,"canary":null}""", 2, "only steps of weight 0")]
    [InlineData("50", null, 2, "missing.ndjson")]
    public async Task Scripts_can_rely_on_the_exit_code(string weight, string? samples, int expected, string words)
    {
        var folder = Directory.CreateTempSubdirectory("replay");
        try
        {
            var (manifest, file) = (Path.Combine(folder.FullName, "patch.yaml"), Path.Combine(folder.FullName, samples is null ? "missing.ndjson" : "samples.ndjson"));
            await File.WriteAllTextAsync(manifest, Manifest.Replace("WEIGHT", weight, StringComparison.Ordinal));
            if (samples is not null)
            {
                await File.WriteAllTextAsync(file, samples);
            }

            using var output = new StringWriter();
            using var error = new StringWriter();
            var code = await ReplayCommand.Build().Parse(["replay", "-f", manifest, "--samples", file, "-o", "json"]).InvokeAsync(new InvocationConfiguration { Output = output, Error = error });

            Assert.Equal(expected, code);
            Assert.Contains(words, expected == ExitCodes.Ok ? output.ToString() : error.ToString(), StringComparison.Ordinal);
            Assert.Equal(expected == ExitCodes.Ok, error.ToString().Contains("Counts are read as per tick", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
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

    private static async Task<(IReadOnlyList<(string Name, ReplayRun End)> Runs, Replayer Replayer)> PlayAsync(
        IEnumerable<string> lines, CountsForm form = CountsForm.Auto, EmergencyPatchSpec? spec = null)
    {
        var replayer = new Replayer(ReplayPlan.Of(spec ?? Spec), form);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        return (await replayer.PlayAsync(stream, CancellationToken.None), replayer);
    }
}
