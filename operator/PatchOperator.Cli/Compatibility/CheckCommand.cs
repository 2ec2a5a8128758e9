using System.CommandLine;
using PatchOperator.Domain.Compatibility.Composer;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Cli.Compatibility;

internal static class CheckCommand
{
    /// <summary>Of a pipe, as a log shows it.</summary>
    private const int PipeWidth = 120;
    private const int NarrowestScreen = 60;
    private const string Auto = "auto";

    public static Command Build()
    {
        var locks = new Option<string[]>("--lock", "-l")
        {
            Description = "What is installed in the patched image: composer.lock, module:status, an SBOM …; several files of one image are put together; gzip is unpacked; '-' reads standard input",
            Required = true,
        };
        var matrix = new Option<string[]>("--matrix", "-m") { Description = "Files and folders with ModuleCompatibility manifests" };
        var patch = new Option<string?>("--patch", "-p") { Description = "The EmergencyPatch: its advisory, mode, onUnknown and targetVersions" };
        var stable = new Option<string[]>("--stable-lock") { Description = "What is installed in the image that runs now; what changes without being named is then found" };
        var applied = new Option<string[]>("--applied") { Description = "Patches applied to the patched image: patches.lock.json or the output of 'magento-patches status'" };
        var stableApplied = new Option<string[]>("--stable-applied") { Description = "Patches applied to the image that runs now" };
        var format = new Option<string>("--format") { HelpName = "format", Description = $"Format of --lock and --stable-lock: {Auto}, {string.Join(", ", InventoryFormats.Names)}", DefaultValueFactory = _ => Auto };
        var mode = new Option<string?>("--mode") { Description = "Enforce or Warn, in place of the patch's; without a patch, Enforce" };
        var unknown = new Option<string?>("--on-unknown") { Description = "Block, Warn or Allow, in place of the patch's; without a patch, Warn" };
        var targets = new Option<string[]>("--target") { Description = "PACKAGE=VERSION that the patch brings, besides its targetVersions" };
        var advisories = new Option<string[]>("--advisory") { Description = "An advisory or CVE that the patch is for, besides its own" };
        var output = new Option<string>("--output", "-o") { Description = "table, json or sarif", DefaultValueFactory = _ => "table" };
        var strict = new Option<bool>("--strict") { Description = "Warnings, too, end with 1" };
        format.AcceptOnlyFromAmong([Auto, .. InventoryFormats.Names]);
        mode.AcceptOnlyFromAmong("Enforce", "Warn");
        unknown.AcceptOnlyFromAmong("Block", "Warn", "Allow");
        output.AcceptOnlyFromAmong("table", "json", "sarif");
        targets.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !IsTarget(token.Value)))
            {
                result.AddError($"'{token.Value}' is no target; write PACKAGE=VERSION, such as magento/product-community-edition=2.4.8-p3");
            }
        });
        var command = new Command("check", "Whether the modules of an image stand a patch, without a cluster. Ends with 0 if nothing blocks (warnings are told), 1 if something blocks, 2 if the question cannot be answered")
        {
            locks, matrix, patch, stable, applied, stableApplied, format, mode, unknown, targets, advisories, output, strict,
        };
        command.SetAction(result =>
        {
            var (image, running) = (result.GetValue(applied) ?? [], result.GetValue(stableApplied) ?? []);
            var request = new CheckRequest
            {
                Locks = result.GetRequiredValue(locks),
                Applied = image,
                StableLocks = result.GetValue(stable) ?? [],
                StableApplied = running,
                Matrix = result.GetValue(matrix) ?? [],
                Patch = result.GetValue(patch),
                Format = InventoryFormats.ByName(result.GetRequiredValue(format)),
                Mode = result.GetValue(mode) switch { "Enforce" => CompatibilityMode.Enforce, "Warn" => CompatibilityMode.Warn, _ => null },
                OnUnknown = result.GetValue(unknown) switch { "Block" => OnUnknownModule.Block, "Warn" => OnUnknownModule.Warn, "Allow" => OnUnknownModule.Allow, _ => null },
                Targets = result.GetValue(targets) ?? [],
                Advisories = result.GetValue(advisories) ?? [],
                Output = result.GetRequiredValue(output) switch { "json" => CheckOutput.Json, "sarif" => CheckOutput.Sarif, _ => CheckOutput.Table },
                Strict = result.GetValue(strict),
            };
            return Run(request, Width(), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
        });
        return command;
    }

    internal static int Run(CheckRequest request, int width, TextWriter output, TextWriter error)
    {
        try
        {
            var report = CheckReport.Run(request, TimeProvider.System.GetUtcNow());
            output.WriteLine((request.Output switch
            {
                CheckOutput.Json => CheckJson.Format(report),
                CheckOutput.Sarif => CheckSarif.Format(report),
                CheckOutput.Table => CheckTable.Format(report, width),
            }).TrimEnd());
            return report.Matrix.Outcome == MatrixOutcome.Blocked || (request.Strict && report.Matrix.Outcome == MatrixOutcome.Warned) ? ExitCodes.Problems : ExitCodes.Ok;
        }
        catch (CannotAnswerException exception)
        {
            foreach (var fault in exception.Faults)
            {
                error.WriteLine(CheckTable.Plain(fault));
            }

            return ExitCodes.Failed;
        }
    }

    private static bool IsTarget(string text) => text.IndexOf('=') is var at and > 0 && ComposerVersion.TryParse(text[(at + 1)..], out _, out _);

    private static int Width()
    {
        try
        {
            return Console.IsOutputRedirected ? PipeWidth : Math.Max(NarrowestScreen, Console.WindowWidth - 1);
        }
        catch (IOException)
        {
            return PipeWidth;
        }
    }
}
