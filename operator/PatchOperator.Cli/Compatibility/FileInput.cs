using PatchOperator.Domain.Compatibility.Inventories;

namespace PatchOperator.Cli.Compatibility;

/// <summary>Files and standard input as bytes, unpacked where they are gzip.</summary>
internal static class FileInput
{
    /// <summary>Real locks have two megabytes, bills of materials of whole images twenty.</summary>
    private const int MostBytes = 256 * 1024 * 1024;

    /// <exception cref="IOException">It cannot be read, or is larger than any inventory.</exception>
    public static byte[] Read(string file)
    {
        using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var bytes = ReadAll(stream, file);
        return !Gzip.IsPacked(bytes) ? bytes : Gzip.TryUnpack(bytes, MostBytes, out var unpacked, out var problem) ? unpacked : throw new IOException($"it {problem}");
    }

    /// <summary>Whether the exception means that the file, and not the program, is at fault.</summary>
    public static bool IsAboutFile(Exception exception) => exception is IOException or UnauthorizedAccessException or NotSupportedException;

    private static byte[] ReadAll(Stream stream, string file)
    {
        using var copy = new MemoryStream();
        var buffer = new byte[81920];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            if (copy.Length + read > MostBytes)
            {
                throw new IOException($"it has more than {MostBytes / (1024 * 1024)} MiB; {file} is no inventory");
            }

            copy.Write(buffer, 0, read);
        }

        return copy.ToArray();
    }
}
