using System.Text;
using System.Text.Json;
using PatchOperator.Cli.Lint;
using PatchOperator.Cli.Yaml;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Validation;
using YamlDotNet.Core;

namespace PatchOperator.Cli.Compatibility;

/// <param name="Resource">As the API server would store it.</param>
/// <param name="File">Where it stands.</param>
/// <param name="Document">For the lines of its fields.</param>
internal sealed record LoadedModule(ModuleCompatibility Resource, string File, YamlDocument Document);

/// <summary>Reads what a check needs from files; whatever is wrong with any of them is told with file and line.</summary>
internal static class CheckFiles
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>All files together are of one image.</summary>
    /// <param name="format">Of the locks; of applied patches it is always found out.</param>
    public static Inventory ReadInventory(IReadOnlyList<string> locks, IReadOnlyList<string> applied, InventoryFormat? format)
    {
        var all = Inventory.Empty;
        foreach (var (file, known) in locks.Select(file => (file, format)).Concat(applied.Select(file => (file, default(InventoryFormat?)))))
        {
            var reading = InventoryReader.Read(ReadBytes(file), known);
            if (reading.Problem is { } problem)
            {
                var place = problem.Column is null ? $"{file}:{problem.Line}" : $"{file}:{problem.Line}:{problem.Column}";
                throw new CannotAnswerException($"{place}: {(string.IsNullOrEmpty(problem.Path) ? "" : problem.Path + ": ")}{problem.Message}");
            }

            all = all.Sources.Count == 0 ? reading.Inventory! : all.With(reading.Inventory!);
        }

        return all;
    }

    /// <summary>Every ModuleCompatibility in the files and folders; documents of other kinds are passed over.</summary>
    public static IReadOnlyList<LoadedModule> ReadModules(IReadOnlyList<string> paths)
    {
        var modules = new List<LoadedModule>();
        var faults = new List<string>();
        foreach (var file in paths.SelectMany(Files).Distinct(StringComparer.Ordinal))
        {
            foreach (var document in ReadDocuments(file, Names.ModuleCompatibilityKind))
            {
                var findings = ManifestLinter.Find(document, ValidationOptions.Default).ToList();
                faults.AddRange(findings.Select(finding => $"{file}:{finding.Line}: {finding.Path}: {finding.Message}"));
                if (findings.Count == 0)
                {
                    modules.Add(new LoadedModule(document.Root!.Deserialize(DomainJson.Default.ModuleCompatibility)!, file, document));
                }
            }
        }

        // The order of files must not decide which of two objects of one name counts.
        faults.AddRange(modules.GroupBy(module => (module.Resource.Metadata.Namespace, module.Resource.Metadata.Name)).Where(same => same.Count() > 1)
            .Select(same => $"{same.Last().File}: metadata.name: '{same.Key.Name}' is there already, in {same.First().File}; give each ModuleCompatibility a name of its own"));
        return faults.Count == 0 ? modules : throw new CannotAnswerException(faults);
    }

    /// <summary>The one patch of the file. Only what a check reads of it must be sound.</summary>
    public static EmergencyPatch ReadPatch(string file)
    {
        var documents = ReadDocuments(file, Names.EmergencyPatchKind).ToList();
        if (documents.Count != 1)
        {
            throw new CannotAnswerException($"{file}: has {(documents.Count == 0 ? "no" : $"{documents.Count}")} EmergencyPatch; give a file with one");
        }

        var faults = ManifestLinter.Find(documents[0], ValidationOptions.Default)
            .Where(finding => !finding.IsTooEarly && (finding.Path.StartsWith("spec.compatibility", StringComparison.Ordinal) || finding.Path.StartsWith("spec.advisory", StringComparison.Ordinal)))
            .Select(finding => $"{file}:{finding.Line}: {finding.Path}: {finding.Message}").ToList();
        return faults.Count == 0 ? documents[0].Root!.Deserialize(DomainJson.Default.EmergencyPatch)! : throw new CannotAnswerException(faults);
    }

    public static byte[] ReadBytes(string file)
    {
        try
        {
            return FileInput.Read(file);
        }
        catch (Exception exception) when (FileInput.IsAboutFile(exception))
        {
            throw new CannotAnswerException($"{file}: cannot be read: {exception.Message}");
        }
    }

    private static IEnumerable<string> Files(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant())).Order(StringComparer.Ordinal)]
                : [path];
        }
        catch (Exception exception) when (FileInput.IsAboutFile(exception))
        {
            throw new CannotAnswerException($"{path}: cannot be read: {exception.Message}");
        }
    }

    private static IEnumerable<YamlDocument> ReadDocuments(string file, string kind)
    {
        var text = Encoding.UTF8.GetString(ReadBytes(file)).TrimStart('\uFEFF');

        // A folder of manifests may have templates beside them, and locks; what cannot be of ours need not be YAML.
        if (!text.Contains(kind, StringComparison.Ordinal))
        {
            return [];
        }

        try
        {
            return [.. YamlJson.Read(new StringReader(text)).Where(document =>
                document.Root?["kind"]?.ToString() == kind && document.Root["apiVersion"]?.ToString().StartsWith(Names.Group + "/", StringComparison.Ordinal) is true)];
        }
        catch (YamlException exception)
        {
            throw new CannotAnswerException($"{file}:{exception.Start.Line}: is not YAML: {exception.Message}");
        }
    }
}
