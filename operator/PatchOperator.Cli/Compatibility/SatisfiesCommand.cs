using System.CommandLine;
using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Cli.Compatibility;

/// <summary>Whether a version satisfies a constraint, as Composer decides it.</summary>
internal static class SatisfiesCommand
{
    private const string Usage = "Give a version and a constraint, such as: compat satisfies 2.4.7-p3 '>=2.4.7 <2.4.8'; or --batch to read them from standard input.";

    public static Command Build()
    {
        var version = new Argument<string?>("VERSION") { Description = "Such as 2.4.7-p3 or dev-main", Arity = ArgumentArity.ZeroOrOne };
        var constraint = new Argument<string?>("CONSTRAINT") { Description = "Such as '>=2.4.7 <2.4.8 || ^3.0'", Arity = ArgumentArity.ZeroOrOne };
        var batch = new Option<bool>("--batch") { Description = "Read {\"version\", \"constraint\"} from standard input, one a line, and answer each with a line of JSON" };
        var command = new Command("satisfies", "Whether a version satisfies a constraint, as Composer decides. Ends with 0 if so, 1 if not, 2 if either is not valid")
        {
            version, constraint, batch,
        };
        command.Validators.Add(result =>
        {
            var given = (result.GetValue(version) is null ? 0 : 1) + (result.GetValue(constraint) is null ? 0 : 1);
            if (given != (result.GetValue(batch) ? 0 : 2))
            {
                result.AddError(Usage);
            }
        });
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            var error = result.InvocationConfiguration.Error;
            return result.GetValue(batch)
                ? RunBatch(error)
                : Decide(result.GetValue(version)!, result.GetValue(constraint)!, output, error);
        });
        return command;
    }

    internal static int Decide(string version, string constraint, TextWriter output, TextWriter error)
    {
        var isVersion = ComposerVersion.TryParse(version, out var parsedVersion, out var versionError);
        var isConstraint = ComposerConstraint.TryParse(constraint, out var parsedConstraint, out var constraintError);
        if (!isVersion || !isConstraint)
        {
            foreach (var problem in new[] { versionError, constraintError }.OfType<string>())
            {
                error.WriteLine(problem);
            }

            return ExitCodes.Failed;
        }

        var satisfied = parsedConstraint!.IsSatisfiedBy(parsedVersion!);
        output.WriteLine(satisfied ? $"{version} satisfies {constraint}" : $"{version} does not satisfy {constraint}");
        return satisfied ? ExitCodes.Ok : ExitCodes.Problems;
    }

    private static int RunBatch(TextWriter error)
    {
        try
        {
            using var input = Console.OpenStandardInput();
            using var output = Console.OpenStandardOutput();
            SatisfiesBatch.Run(input, output);
            return ExitCodes.Ok;
        }
        catch (IOException exception)
        {
            error.WriteLine($"The batch ended early: {exception.Message}");
            return ExitCodes.Failed;
        }
    }
}
