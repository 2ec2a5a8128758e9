using PatchOperator.Benchmarks;
using PatchOperator.Benchmarks.Analysis;

try
{
    var arguments = Arguments.Parse(args.Skip(1));
    switch (args.FirstOrDefault())
    {
        case "decide":
            DecideBenchmark.Run();
            return 0;
        case "compat":
            CompatBenchmark.Run(arguments);
            return 0;
        case "matrix":
            MatrixBenchmark.Run(arguments);
            return 0;
        case "idle":
            await IdleBenchmark.RunAsync(arguments);
            return 0;
        case "revert":
            await RevertBenchmark.RunAsync(arguments);
            return 0;
        case "start":
            await StartBenchmark.RunAsync(arguments);
            return 0;
        case "analysis":
            return AnalysisBenchmark.Run(arguments);
        case "watch":
            return WatchBenchmark.Run(arguments);
        case "replay-samples":
            ReplaySamples.Write(arguments);
            return 0;
        default:
            await Console.Error.WriteLineAsync("usage: patch-operator-benchmarks decide | compat | matrix | analysis | watch | idle | revert | start | replay-samples [--name value]...; see README.md");
            return 2;
    }
}
catch (ArgumentException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 2;
}
