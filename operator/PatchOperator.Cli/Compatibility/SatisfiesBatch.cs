using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using PatchOperator.Domain.Compatibility.Composer;

namespace PatchOperator.Cli.Compatibility;

/// <summary>
/// One answer for each line of input, in order. Whatever is wrong with a line is its answer, and the next line is read. Answers are written
/// out before more input is waited for, so that a program may ask line by line.
/// </summary>
internal sealed class SatisfiesBatch : IDisposable
{
    private const int BufferSize = 64 * 1024;

    // Versions and constraints repeat; what is kept is bounded all the same, since the input may be endless.
    private const int MostKept = 10_000;

    private readonly Dictionary<string, (ComposerVersion? Value, string? Error)> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ComposerConstraint? Value, string? Error)> _constraints = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _answers = new(BufferSize);
    private readonly Utf8JsonWriter _json;

    private SatisfiesBatch() => _json = new Utf8JsonWriter(_answers, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static void Run(Stream input, Stream output)
    {
        using var batch = new SatisfiesBatch();
        batch.Read(input, output);
    }

    public void Dispose() => _json.Dispose();

    private void Read(Stream input, Stream output)
    {
        var buffer = new byte[BufferSize];
        var length = 0;
        var isFirst = true;
        while (true)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = input.Read(buffer, length, buffer.Length - length);
            var rest = new ReadOnlyMemory<byte>(buffer, 0, length + read);
            if (read == 0 && length == 0)
            {
                return;
            }

            // Only what is new can hold the end of the line.
            for (var end = Find(rest, length); end >= 0; end = Find(rest, 0))
            {
                Answer(Line(rest[..end], ref isFirst));
                rest = rest[(end + 1)..];
            }

            if (read == 0)
            {
                if (!rest.IsEmpty)
                {
                    Answer(Line(rest, ref isFirst));
                }

                Flush(output);
                return;
            }

            rest.Span.CopyTo(buffer);
            length = rest.Length;
            Flush(output);
        }
    }

    private static int Find(ReadOnlyMemory<byte> text, int from)
    {
        var found = text.Span[from..].IndexOf((byte)'\n');
        return found < 0 ? found : from + found;
    }

    private static ReadOnlySpan<byte> Line(ReadOnlyMemory<byte> line, ref bool isFirst)
    {
        var text = line.Span;
        var mark = isFirst && text.StartsWith("\uFEFF"u8) ? 3 : 0;
        isFirst = false;
        return text[mark..];
    }

    private void Flush(Stream output)
    {
        output.Write(_answers.WrittenSpan);
        output.Flush();
        _answers.ResetWrittenCount();
    }

    private void Answer(ReadOnlySpan<byte> line)
    {
        var error = ReadQuestion(line, out var version, out var constraint);
        _json.Reset();
        _json.WriteStartObject();
        if (error is not null)
        {
            _json.WriteString("error"u8, error);
        }
        else
        {
            _json.WriteBoolean("satisfies"u8, constraint!.IsSatisfiedBy(version!));
        }

        _json.WriteEndObject();
        _json.Flush();
        _answers.Write("\n"u8);
    }

    private string? ReadQuestion(ReadOnlySpan<byte> line, out ComposerVersion? version, out ComposerConstraint? constraint)
    {
        version = null;
        constraint = null;
        string? versionText;
        string? constraintText;
        try
        {
            if (Members(line, out versionText, out constraintText) is { } problem)
            {
                return problem;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The reader counts lines within this one line, from zero, which misleads.
            var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            return $"The line is not JSON: {(end < 0 ? exception.Message : exception.Message[..end])} Write {{\"version\": \"2.4.7-p3\", \"constraint\": \"^2.4\"}}.";
        }

        (version, var versionError) = Version(versionText!);
        (constraint, var constraintError) = Constraint(constraintText!);
        return versionError is not null && constraintError is not null ? $"{versionError} {constraintError}" : versionError ?? constraintError;
    }

    private static string? Members(ReadOnlySpan<byte> line, out string? version, out string? constraint)
    {
        version = null;
        constraint = null;
        var reader = new Utf8JsonReader(line);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return "The line is not an object: write {\"version\": \"2.4.7-p3\", \"constraint\": \"^2.4\"}.";
        }

        string? problem = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isVersion = reader.ValueTextEquals("version"u8);
            var isConstraint = reader.ValueTextEquals("constraint"u8);
            reader.Read();
            if ((isVersion || isConstraint) && reader.TokenType != JsonTokenType.String)
            {
                problem ??= $"'{(isVersion ? "version" : "constraint")}' must be a string, in quotes.";
            }

            if (isVersion && reader.TokenType == JsonTokenType.String)
            {
                version = reader.GetString();
            }
            else if (isConstraint && reader.TokenType == JsonTokenType.String)
            {
                constraint = reader.GetString();
            }

            reader.Skip();
        }

        // To the end of the line: something behind the object is an error too.
        while (reader.Read())
        {
        }

        return problem ?? (version is null || constraint is null ? $"The line has no '{(version is null ? "version" : "constraint")}'." : null);
    }

    private (ComposerVersion? Value, string? Error) Version(string text)
    {
        if (_versions.TryGetValue(text, out var known))
        {
            return known;
        }

        return Keep(_versions, text, ComposerVersion.TryParse(text, out var version, out var error) ? (version, null) : (null, error));
    }

    private (ComposerConstraint? Value, string? Error) Constraint(string text)
    {
        if (_constraints.TryGetValue(text, out var known))
        {
            return known;
        }

        return Keep(_constraints, text, ComposerConstraint.TryParse(text, out var constraint, out var error) ? (constraint, null) : (null, error));
    }

    private static T Keep<T>(Dictionary<string, T> kept, string text, T value)
    {
        if (kept.Count >= MostKept)
        {
            kept.Clear();
        }

        kept[text] = value;
        return value;
    }
}
