using System.CommandLine;
using PatchOperator.Cli.Cluster;
using PatchOperator.Domain.Compatibility.Import;

namespace PatchOperator.Cli.Compatibility;

internal static class ImportCommand
{
    /// <param name="target">Its namespace is written into the manifests.</param>
    public static Command Build(TargetOptions target) => new("import", "Make ModuleCompatibility manifests of what is known elsewhere")
    {
        BuildQualityPatches(target),
        BuildSpreadsheet(target),
    };

    private static Command BuildQualityPatches(TargetOptions target)
    {
        var file = File("support-patches.json of Adobe's Quality Patches (vendor/magento/quality-patches/); '-' reads standard input");
        var ids = new Option<string[]>("--id") { Description = "Only this patch, such as ACSD-59280; may be repeated" };
        var command = new Command("qpt", "From Adobe's Quality Patches: one object a patch, whose rules say which installed versions Adobe has a file for") { file, ids };
        command.SetAction(result => Run(
            result.GetRequiredValue(file), text => QualityPatchesImport.Read(text, target.Read(result).Namespace, result.GetValue(ids)), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    private static Command BuildSpreadsheet(TargetOptions target)
    {
        var file = File("CSV with a header; '-' reads standard input");
        var command = new Command("csv", $"From a spreadsheet with the columns {string.Join(", ", SpreadsheetImport.Columns)}: one object a module, one rule a row, in the order of the rows") { file };
        command.SetAction(result => Run(
            result.GetRequiredValue(file), text => SpreadsheetImport.Read(text, target.Read(result).Namespace), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    private static Argument<string> File(string description) => new("FILE") { Description = description };

    internal static int Run(string file, Func<byte[], ImportResult> import, TextWriter output, TextWriter error)
    {
        ImportResult imported;
        try
        {
            imported = import(FileInput.Read(file));
        }
        catch (Exception exception) when (FileInput.IsAboutFile(exception))
        {
            error.WriteLine($"{file}: cannot be read: {exception.Message}");
            return ExitCodes.Failed;
        }

        foreach (var problem in imported.Problems)
        {
            error.WriteLine(CheckTable.Plain($"{file}:{problem.Line}: {(problem.Column is null ? "" : problem.Column + ": ")}{problem.Message}"));
        }

        output.Write(ModuleYaml.Format(imported.Modules));
        return imported.Problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Problems;
    }
}
