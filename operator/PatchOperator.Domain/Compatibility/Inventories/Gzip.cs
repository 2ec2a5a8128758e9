using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;

namespace PatchOperator.Domain.Compatibility.Inventories;

/// <summary>
/// Unpacks what is whole and not too large. The platform's own stream ends without a word where the content is cut off, and a list of
/// modules that was cut off still reads like a list of modules.
/// </summary>
public static class Gzip
{
    /// <summary>
    /// Packed, and set behind the content as one more member: it comes out only where the checksum and the length of each member before
    /// were there and right. Where the content was cut off, it is taken for what is missing.
    /// </summary>
    private static readonly byte[] Seal = "all of it is here"u8.ToArray();

    private static readonly byte[] PackedSeal = Pack(Seal);

    public static bool IsPacked(ReadOnlySpan<byte> bytes) => bytes is [0x1F, 0x8B, ..];

    /// <summary>On failure <paramref name="problem"/> says what is wrong, to follow the name of the file.</summary>
    /// <param name="packed">One member or several.</param>
    /// <param name="most">Bytes that it may have when it is unpacked; a few kilobytes can become gigabytes.</param>
    public static bool TryUnpack(byte[] packed, int most, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? problem)
    {
        bytes = null;
        byte[] whole = [.. packed, .. PackedSeal];
        try
        {
            // Twice, since that is cheap, and a buffer that grows needs three times the memory.
            if (Length(whole, most + Seal.Length) is not { } length)
            {
                problem = $"has more than {most >> 20} MiB when it is unpacked, which no inventory needs";
                return false;
            }

            if (length >= Seal.Length)
            {
                using var stream = Open(whole);
                var (content, seal) = (new byte[length - Seal.Length], new byte[Seal.Length]);
                stream.ReadExactly(content);
                stream.ReadExactly(seal);
                if (seal.AsSpan().SequenceEqual(Seal))
                {
                    (bytes, problem) = (content, null);
                    return true;
                }
            }

            problem = "is packed with gzip and was cut off, or something else follows it; pack it anew";
        }
        catch (InvalidDataException)
        {
            problem = "begins like gzip and is damaged, or was cut off; pack it anew";
        }

        return false;
    }

    /// <summary>Null where it is too long.</summary>
    private static int? Length(byte[] packed, int most)
    {
        using var stream = Open(packed);
        var buffer = new byte[64 * 1024];
        var length = 0;
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            length += read;
            if (length > most)
            {
                return null;
            }
        }

        return length;
    }

    private static GZipStream Open(byte[] packed) => new(new MemoryStream(packed), CompressionMode.Decompress);

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
