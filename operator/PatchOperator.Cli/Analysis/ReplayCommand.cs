using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using PatchOperator.Cli.Cluster;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout.Replay;
using PatchOperator.Domain.Validation;
using YamlDotNet.Core;

namespace PatchOperator.Cli.Analysis;

internal static class ReplayCommand
{
    private const string Example = """{"run":"a","t":12.0,"canary":{"failures":1,"total":40},"stable":{"failures":2,"total":760}}""";

    public static Command Build()
    {
        var file = new Option<string>("--filename", "-f") { Description = "Manifest with one EmergencyPatch; its canary steps and its analysis are what is tried", Required = true };
        var samples = new Option<string>("--samples") { Description = $"Lines such as {Example}; .gz is unpacked, '-' reads standard input", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "table, or json for one line a run", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json");
        var counts = new Option<string>("--counts") { Description = "per-tick: since the line before; cumulative: since the run began; auto takes them for per-tick unless no number of a run ever falls and all of them grow from the size of one tick", DefaultValueFactory = _ => "auto" };
        counts.AcceptOnlyFromAmong("auto", "per-tick", "cumulative");
        var command = new Command("replay", "Run recorded samples through the engine: what would the patch's policy have said, when, and after how many requests?") { file, samples, output, counts };
        command.SetAction(async (result, cancellation) =>
        {
            var (writer, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            try
            {
                var form = Form(result.GetRequiredValue(counts));
                var replayer = new Replayer(Plan(result.GetRequiredValue(file)), form);
                await using var stream = Open(result.GetRequiredValue(samples));
                var runs = await replayer.PlayAsync(stream, cancellation);
                Warn(error, replayer, form is CountsForm.Auto);
                await writer.WriteAsync(result.GetRequiredValue(output) == "json" ? Json(runs) : Table(runs));
                return ExitCodes.Ok;
            }
            catch (SampleException exception)
            {
                await error.WriteLineAsync($"{result.GetRequiredValue(samples)}: {exception.Message}");
            }
            catch (YamlException exception)
            {
                await error.WriteLineAsync($"{result.GetRequiredValue(file)}:{exception.Start.Line}: is not YAML: {exception.Message}");
            }
            catch (Exception exception) when (exception is ReplayException or IOException or UnauthorizedAccessException or InvalidDataException)
            {
                await error.WriteLineAsync(exception.Message);
            }

            return ExitCodes.Failed;
        });
        return new Command("analysis", "Try an analysis before the night it is needed") { command };
    }

    internal static ReplayPlan Plan(string file)
    {
        var patches = YamlJson.Read(new StringReader(file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file)))
            .Where(d => d.Root?["kind"]?.ToString() == Names.EmergencyPatchKind).ToArray();
        if (patches is not [var document])
        {
            throw new ReplayException($"{file}: has {patches.Length} documents of kind {Names.EmergencyPatchKind}; exactly one is needed");
        }

        EmergencyPatch patch;
        try
        {
            patch = document.Root.Deserialize(DomainJson.Default.EmergencyPatch)!;
        }
        catch (JsonException exception)
        {
            throw new ReplayException($"{file}: {exception.Path?.TrimStart('$', '.')} is of the wrong type; 'kubectl epatch lint {file}' says more");
        }

        // Only what is tried must make sense: an image or a workload is none of the replay's business.
        var problems = SpecValidator.Validate(patch, ValidationOptions.Default with { ImagePolicy = ImagePolicy.AllowTags })
            .Where(p => p.Kind is SpecProblemKind.Invalid && (p.Path.StartsWith("spec.canary", StringComparison.Ordinal) || p.Path.StartsWith("spec.analysis", StringComparison.Ordinal)))
            .ToArray();
        if (problems.Length > 0)
        {
            throw new ReplayException(string.Join(Environment.NewLine, problems.Select(p => $"{file}: {p.Path}: {p.Message}")));
        }

        var plan = ReplayPlan.Of(patch.Spec);
        if (plan.Steps.Count == 0)
        {
            throw new ReplayException($"{file}: spec.canary.steps has only steps of weight 0, and those have no traffic to judge; add one with a weight");
        }

        return plan.Metrics.Count > 0 ? plan : throw new ReplayException($"{file}: spec.analysis.metrics has only gauges, and samples are failures and totals; add a metric that counts");
    }

    internal static string Json(IEnumerable<(string Name, ReplayRun End)> runs)
    {
        using var buffer = new MemoryStream();
        foreach (var (name, end) in runs)
        {
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("run", name);
                json.WriteString("verdict", end.Verdict.ToString());
                json.WriteNumber("t", end.At);
                json.WriteNumber("requests", end.CanaryRequests);
                json.WriteNumber("stableRequests", end.StableRequests);
                json.WriteNumber("step", end.Step + 1);
                json.WriteString("metric", end.Telling?.Metric);
                json.WriteString("reason", end.Telling?.Reason);
                json.WriteString("message", end.Telling?.Message);
                json.WriteEndObject();
            }

            buffer.WriteByte((byte)'\n');
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    internal static string Table(IReadOnlyList<(string Name, ReplayRun End)> runs)
    {
        var rows = runs.Select(r => (IReadOnlyList<string>)
        [
            r.Name, r.End.Verdict.ToString(), string.Create(CultureInfo.InvariantCulture, $"{r.End.At:0.###} s"), Number(r.End.CanaryRequests),
            (r.End.Step + 1).ToString(CultureInfo.InvariantCulture), r.End.Telling?.Metric ?? "", r.End.Telling?.Reason ?? "",
        ]);
        var totals = Enum.GetValues<Verdict>().Select(v => $"{Number(runs.Count(r => r.End.Verdict == v))} {v}");
        return TextTable.Format(["RUN", "VERDICT", "TIME", "CANARY REQUESTS", "STEP", "METRIC", "REASON"], [.. rows]) + $"{Number(runs.Count)} runs: {string.Join(", ", totals)}{Environment.NewLine}";
    }

    private static void Warn(TextWriter error, Replayer replayer, bool isAuto)
    {
        if (isAuto)
        {
            error.WriteLine(replayer.Form is CountsForm.Cumulative
                ? "Counts are read as cumulative, since no number falls within a run and all grow from the size of one tick; --counts per-tick reads them otherwise."
                : "Counts are read as per tick; --counts cumulative reads them otherwise.");
        }

        if (replayer.FirstMetricOnly)
        {
            error.WriteLine("The samples name no \"metric\": they are taken for the patch's first metric, and the others are left out.");
        }
    }

    private static CountsForm Form(string text) => text switch
    {
        "per-tick" => CountsForm.PerTick,
        "cumulative" => CountsForm.Cumulative,
        _ => CountsForm.Auto,
    };

    private static Stream Open(string file)
    {
        if (file == "-")
        {
            return Console.OpenStandardInput();
        }

        var stream = new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        return file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    private static string Number(double number) => number.ToString("#,0.#", CultureInfo.InvariantCulture);
}

internal sealed class ReplayException(string message) : Exception(message);
