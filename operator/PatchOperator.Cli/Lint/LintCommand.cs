using System.CommandLine;
using PatchOperator.Domain.Validation;
using YamlDotNet.Core;

namespace PatchOperator.Cli.Lint;

internal static class LintCommand
{
    public static Command Build()
    {
        var files = new Argument<string[]>("FILE") { Description = "YAML or JSON, several documents each; '-' reads standard input", Arity = ArgumentArity.OneOrMore };
        var tags = new Option<bool>("--allow-tags") { Description = "Take images without a digest, as an operator with imagePolicy AllowTags does" };
        var command = new Command("lint", "Check manifests as the operator would, without a cluster. Ends with 0 if all is well, 1 on problems, 2 if a file cannot be read") { files, tags };
        command.SetAction(result =>
        {
            var options = ValidationOptions.Default with { ImagePolicy = result.GetValue(tags) ? ImagePolicy.AllowTags : ImagePolicy.RequireDigest };
            return Run(result.GetRequiredValue(files), options, result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
        });
        return command;
    }

    private static int Run(IReadOnlyList<string> files, ValidationOptions options, TextWriter output, TextWriter error)
    {
        var worst = ExitCodes.Ok;
        foreach (var file in files)
        {
            try
            {
                var findings = ManifestLinter.Lint(file, Read(file), options);
                foreach (var finding in findings)
                {
                    output.WriteLine(finding);
                }

                worst = Math.Max(worst, findings.Count == 0 ? ExitCodes.Ok : ExitCodes.Problems);
            }
            catch (YamlException exception)
            {
                error.WriteLine($"{file}:{exception.Start.Line}: is not YAML: {exception.Message}");
                worst = ExitCodes.Failed;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                error.WriteLine($"{file}: cannot be read: {exception.Message}");
                worst = ExitCodes.Failed;
            }
        }

        return worst;
    }

    private static string Read(string file) => file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
}
