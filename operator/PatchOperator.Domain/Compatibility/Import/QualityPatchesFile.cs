using System.Text.Json;
using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Domain.Compatibility.Import;

internal sealed record QualityPatch
{
    public required string Id { get; init; }

    public required long Line { get; init; }

    public string? Title { get; init; }

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>What Adobe asks of whoever applies it, in words.</summary>
    public string? Requirements { get; init; }

    public IReadOnlyList<QualityPatchFile> Files { get; init; } = [];
}

internal sealed record QualityPatchFile
{
    public required string Package { get; init; }

    public required string Constraint { get; init; }

    public string? File { get; init; }

    public IReadOnlyList<string> Requires { get; init; } = [];

    public string? ReplacedWith { get; init; }

    public bool IsDeprecated { get; init; }
}

/// <summary>Reads <c>{"ACSD-1": {"title", "categories", "packages": {"magento/magento2-base": {"&gt;=2.4.4 &lt;2.4.7": {"file", "require", …}}}}}</c>.</summary>
internal static class QualityPatchesFile
{
    public static (IReadOnlyList<QualityPatch> Patches, ImportProblem? Problem) Read(ReadOnlySpan<byte> text)
    {
        text = text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text;
        try
        {
            return (ReadPatches(text), null);
        }
        catch (InventoryFormatException exception)
        {
            return ([], new ImportProblem(TextPosition.Of(text, exception.Offset).Line, Path(text, exception.Offset), exception.Message));
        }
        catch (JsonException exception)
        {
            var offset = TextPosition.OffsetOf(text, exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
            return ([], new ImportProblem(TextPosition.Of(text, offset).Line, Path(text, offset), "is not JSON, or ends too early"));
        }
    }

    private static string? Path(ReadOnlySpan<byte> text, long offset) => TextPosition.PathOf(text, offset) is { Length: > 0 } path ? path : null;

    private static List<QualityPatch> ReadPatches(ReadOnlySpan<byte> text)
    {
        const string expected = "support-patches.json of the Quality Patches, an object of ids and patches";
        var patches = new List<QualityPatch>();
        var input = new JsonInput(text);
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            var id = input.Member();
            var line = TextPosition.Of(text, input.Offset).Line;
            patches.Add(ReadPatch(ref input, id, line));
        }

        input.End();
        return patches.Count > 0 ? patches : throw new InventoryFormatException(0, $"expected {expected}, found none");
    }

    private static QualityPatch ReadPatch(ref JsonInput input, string id, long line)
    {
        const string expected = "a patch, which is an object with title and packages";
        string? title = null, requirements = null;
        var categories = new List<string>();
        List<QualityPatchFile>? files = null;
        input.Peek();
        var start = input.Offset;
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("title"u8))
            {
                title = input.TextIfAny();
            }
            else if (input.Is("requirements"u8) || input.Is("requirement"u8))
            {
                requirements = input.TextIfAny();
            }
            else if (input.Is("categories"u8))
            {
                categories = Texts(ref input, "a list of categories");
            }
            else if (input.Is("packages"u8))
            {
                files = ReadPackages(ref input);
            }
            else
            {
                input.Skip();
            }
        }

        return new QualityPatch
        {
            Id = id,
            Line = line,
            Title = title,
            Categories = categories,
            Requirements = requirements,
            Files = files is { Count: > 0 } ? files : throw new InventoryFormatException(start, $"expected packages and constraints of {id}, found none"),
        };
    }

    private static List<QualityPatchFile> ReadPackages(ref JsonInput input)
    {
        var files = new List<QualityPatchFile>();
        for (var isObject = input.Object("an object of packages"); isObject && input.NextMember();)
        {
            var package = input.Member().ToLowerInvariant();
            for (var hasConstraints = input.Object($"an object of constraints on {package}"); hasConstraints && input.NextMember();)
            {
                var constraint = input.Member();
                files.Add(ReadFile(ref input, package, constraint));
            }
        }

        return files;
    }

    private static QualityPatchFile ReadFile(ref JsonInput input, string package, string constraint)
    {
        string? name = null, replacement = null;
        var requires = new List<string>();
        var isDeprecated = false;
        const string expected = "an object with the file of the patch";
        if (!input.Object(expected))
        {
            throw input.Wrong(expected);
        }

        while (input.NextMember())
        {
            if (input.Is("file"u8))
            {
                name = input.TextIfAny();
            }
            else if (input.Is("require"u8))
            {
                requires = Texts(ref input, "a list of ids");
            }
            else if (input.Is("replaced-with"u8))
            {
                replacement = input.TextIfAny() is { Length: > 0 } other ? other : null;
            }
            else if (input.Is("deprecated"u8))
            {
                isDeprecated = input.Flag();
            }
            else
            {
                input.Skip();
            }
        }

        return new QualityPatchFile { Package = package, Constraint = constraint, File = name, Requires = requires, ReplacedWith = replacement, IsDeprecated = isDeprecated };
    }

    private static List<string> Texts(ref JsonInput input, string expected)
    {
        var texts = new List<string>();
        for (var isArray = input.Array(expected); isArray && input.NextItem();)
        {
            texts.Add(input.Text("text"));
        }

        return texts;
    }
}
