using System.Text;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Validation;

namespace PatchOperator.Domain.Compatibility.Import;

/// <summary>
/// One row a rule; the rows of a module, in their order, are the rules of its ModuleCompatibility. Columns are found by their names in the
/// first row, in any order.
/// </summary>
public static class SpreadsheetImport
{
    public static readonly IReadOnlyList<string> Columns = ["module", "versions", "with", "patches", "verdict", "reason", "upgradeTo", "disable", "team", "contact", "evidence"];

    private static readonly string[] Required = ["module", "versions", "verdict"];
    private static readonly string[] Verdicts = ["Compatible", "Conditional", "Incompatible"];

    /// <param name="text">UTF-8, with or without a byte order mark.</param>
    /// <param name="ns">Namespace of the objects; null leaves it to kubectl.</param>
    public static ImportResult Read(ReadOnlySpan<byte> text, string? ns = null)
    {
        var (records, fault) = CsvReader.Read(Encoding.UTF8.GetString(text).TrimStart('\uFEFF'));
        var filled = records.Where(record => record.Fields.Any(field => field.Trim().Length > 0)).ToList();
        var problems = new List<ImportProblem>();
        if (filled.Count == 0)
        {
            return new ImportResult([], [fault ?? new ImportProblem(1, null, $"the file is empty; expected a header of {string.Join(",", Columns)}")]);
        }

        var header = ReadHeader(filled[0], problems);
        if (problems.Count > 0)
        {
            return new ImportResult([], problems);
        }

        var rows = filled.Skip(1).Select(record => new Row(record, header)).ToList();
        foreach (var row in rows.Where(row => row.Record.Fields.Count > header.Count && row.Record.Fields.Skip(header.Count).Any(field => field.Trim().Length > 0)))
        {
            problems.Add(new ImportProblem(row.Record.Line, null, $"has {row.Record.Fields.Count} fields, and the header {header.Count}; put quotes around fields with a separator in them"));
        }

        var modules = rows.GroupBy(row => row["module"] ?? "", StringComparer.OrdinalIgnoreCase).Select(group => Build([.. group], ns, problems)).ToList();
        if (fault is not null)
        {
            problems.Add(fault);
        }

        if (rows.Count == 0 && fault is null)
        {
            problems.Add(new ImportProblem(filled[0].Line, null, "no row follows the header"));
        }

        return new ImportResult(
            problems.Count > 0 ? [] : [.. Distinct(modules).OrderBy(module => module.Metadata.Name, StringComparer.Ordinal)],
            [.. problems.OrderBy(problem => problem.Line)]);
    }

    private static IReadOnlyList<string> ReadHeader(CsvRecord record, List<ImportProblem> problems)
    {
        var names = record.Fields.Select(field => field.Trim()).ToList();
        while (names.Count > 0 && names[^1].Length == 0)
        {
            names.RemoveAt(names.Count - 1);
        }

        var known = names.Select(name => Columns.FirstOrDefault(column => string.Equals(column, name, StringComparison.OrdinalIgnoreCase)) ?? "").ToList();
        for (var index = 0; index < names.Count; index++)
        {
            if (known[index].Length == 0)
            {
                problems.Add(new ImportProblem(record.Line, $"column {index + 1}", $"'{names[index]}' is not known; the columns are {string.Join(", ", Columns)}"));
            }
            else if (known.IndexOf(known[index]) < index)
            {
                problems.Add(new ImportProblem(record.Line, $"column {index + 1}", $"{known[index]} is there twice; keep one"));
            }
        }

        problems.AddRange(Required.Except(known).Select(missing => new ImportProblem(record.Line, null, $"the column {missing} is missing; the columns are {string.Join(", ", Columns)}")));
        return known;
    }

    private static ModuleCompatibility Build(IReadOnlyList<Row> rows, string? ns, List<ImportProblem> problems)
    {
        var name = rows[0]["module"]?.ToLowerInvariant();
        var rules = new List<CompatibilityRule>();
        foreach (var row in rows)
        {
            rules.Add(new CompatibilityRule
            {
                Versions = row["versions"],
                With = ReadWith(row, problems),
                Patches = ReadList(row["patches"]),
                Verdict = Verdicts.FirstOrDefault(verdict => string.Equals(verdict, row["verdict"], StringComparison.OrdinalIgnoreCase)) ?? row["verdict"],
                Reason = row["reason"],
                Remedy = row["upgradeTo"] is null && row["disable"] is null ? null : new Remedy { UpgradeTo = row["upgradeTo"], Disable = row["disable"] },
                Evidence = row["evidence"],
            });
        }

        var (team, contact) = (ReadOwner(rows, "team", problems), ReadOwner(rows, "contact", problems));
        var module = new ModuleCompatibility
        {
            Metadata = new ObjectMeta { Name = ObjectNames.From(name ?? ""), Namespace = ns },
            Spec = new ModuleCompatibilitySpec
            {
                Module = new ModuleReference { Name = name, Type = ModuleTypes.ComposerPackage },
                Owner = team is null && contact is null ? null : new ModuleOwner { Team = team, Contact = contact },
                Rules = rules,
            },
        };

        // What the API would refuse is told here, in the words of the spreadsheet.
        foreach (var problem in ModuleCompatibilityValidator.Validate(module).Where(problem => problem.Path != "metadata.name"))
        {
            problems.Add(Translate(problem, rows));
        }

        return module;
    }

    private static ImportProblem Translate(SpecProblem problem, IReadOnlyList<Row> rows)
    {
        const string rules = "spec.rules[";
        if (problem.Path.StartsWith(rules, StringComparison.Ordinal))
        {
            var end = problem.Path.IndexOf(']');
            var index = int.Parse(problem.Path[rules.Length..end]);
            var field = problem.Path[(end + 1)..].TrimStart('.');
            var column = field.Split('.', '[')[0] is "remedy" ? field["remedy.".Length..] : field.Split('.', '[')[0];
            return new ImportProblem(rows[index].Record.Line, column.Length == 0 ? null : $"column {column}", problem.Message);
        }

        return problem.Path switch
        {
            "spec.module.name" => new ImportProblem(rows[0].Record.Line, "column module", problem.Message),
            "spec.owner.team" => new ImportProblem(rows[0].Record.Line, "column team", problem.Message),
            "spec.owner.contact" => new ImportProblem(rows[0].Record.Line, "column contact", problem.Message),
            _ => new ImportProblem(rows[0].Record.Line, null, $"{rows[0]["module"]}: {problem.Message}"),
        };
    }

    /// <summary><c>magento/framework: ^103.0.6; php: ~8.2.0</c>, one package to a semicolon or line.</summary>
    private static Dictionary<string, string>? ReadWith(Row row, List<ImportProblem> problems)
    {
        if (row["with"] is not { } text)
        {
            return null;
        }

        var with = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split(';', '\n').Select(part => part.Trim()).Where(part => part.Length > 0))
        {
            var end = part.IndexOfAny([':', ' ', '\t', '=']);
            if (end <= 0 || part[end..].TrimStart(':', ' ', '\t').Length == 0)
            {
                problems.Add(new ImportProblem(row.Record.Line, "column with", $"'{part}' is no package with a constraint; write such as magento/framework: ^103.0.6, and ';' between several"));
            }
            else if (!with.TryAdd(part[..end].ToLowerInvariant(), part[end..].TrimStart(':', ' ', '\t')))
            {
                problems.Add(new ImportProblem(row.Record.Line, "column with", $"{part[..end]} is there twice; write one constraint"));
            }
        }

        return with.Count == 0 ? null : with;
    }

    private static List<string>? ReadList(string? text) => text?.Split([' ', ',', ';', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList();

    /// <summary>A module has one owner; its rows may repeat or leave it out, and must not contradict each other.</summary>
    private static string? ReadOwner(IReadOnlyList<Row> rows, string column, List<ImportProblem> problems)
    {
        var first = rows.FirstOrDefault(row => row[column] is not null);
        foreach (var other in rows.Where(row => row[column] is { } value && value != first![column]))
        {
            problems.Add(new ImportProblem(other.Record.Line, $"column {column}", $"'{other[column]}' contradicts '{first![column]}' in line {first.Record.Line}; a module has one owner"));
        }

        return first?[column];
    }

    private static IEnumerable<ModuleCompatibility> Distinct(IReadOnlyList<ModuleCompatibility> modules)
    {
        var doubled = modules.GroupBy(module => module.Metadata.Name, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => same.Key).ToHashSet(StringComparer.Ordinal);
        return modules.Select(module => doubled.Contains(module.Metadata.Name)
            ? module with { Metadata = module.Metadata with { Name = ObjectNames.WithHash(module.Metadata.Name, module.Spec.Module!.Name!) } }
            : module);
    }

    private sealed record Row(CsvRecord Record, IReadOnlyList<string> Header)
    {
        /// <summary>Null for an empty field, and for a column that is not there.</summary>
        public string? this[string column]
        {
            get
            {
                for (var index = 0; index < Header.Count && index < Record.Fields.Count; index++)
                {
                    if (Header[index] == column)
                    {
                        return Record.Fields[index].Trim() is { Length: > 0 } value ? value : null;
                    }
                }

                return null;
            }
        }
    }
}
