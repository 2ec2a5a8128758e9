using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Compatibility;
using PatchOperator.Domain.Compatibility.Inventories;
using Xunit;

namespace PatchOperator.Tests.Unit.Compatibility;

/// <summary>Half a list of modules reads like a list of modules, so what is packed must be whole.</summary>
public sealed class GzipTests
{
    private const int Most = 1024 * 1024;
    private const int Megabytes = 1024 * 1024;

    public static TheoryData<CompressionLevel> Levels => [CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.Optimal];

    [Theory]
    [MemberData(nameof(Levels))]
    public void What_was_cut_off_anywhere_is_refused_and_what_is_whole_is_not(CompressionLevel level)
    {
        // Longer than the buffer that the platform reads with.
        var content = new byte[20_000];
        new Random(7).NextBytes(content.AsSpan(0, 9_000));
        var packed = Pack(content, level);
        Assert.Equal(content, Unpack(packed));
        for (var length = 2; length < packed.Length; length++)
        {
            Assert.False(Gzip.TryUnpack(packed[..length], Most, out _, out var problem), $"{length} of {packed.Length} bytes");
            Assert.Contains("cut off", problem, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void Of_several_members_the_last_is_cut_off_or_the_file_is_whole(CompressionLevel level)
    {
        var first = Pack("List of enabled modules:\n"u8, level);
        var second = Pack("Acme_FraudCheck\n"u8, level);
        byte[] packed = [.. first, .. second];
        Assert.Equal("List of enabled modules:\nAcme_FraudCheck\n", Encoding.UTF8.GetString(Unpack(packed)!));
        for (var length = 2; length < packed.Length; length++)
        {
            // Between two members nothing tells that there was another.
            Assert.Equal(length == first.Length, Gzip.TryUnpack(packed[..length], Most, out _, out _));
        }
    }

    [Fact]
    public void What_is_damaged_or_followed_by_something_else_is_refused()
    {
        var packed = Pack("List of enabled modules:\nAcme_FraudCheck\n"u8, CompressionLevel.Optimal);
        Assert.Null(Unpack([.. packed, 0, 0]));
        Assert.Null(Unpack([.. packed, .. "rubbish"u8]));
        packed[^1] ^= 1;
        Assert.Null(Unpack(packed));
        Assert.Null(Unpack([0x1F, 0x8B]));
    }

    [Fact]
    public void As_much_as_may_be_is_unpacked_and_not_a_byte_more()
    {
        Assert.Equal(Most, Unpack(Pack(new byte[Most], CompressionLevel.Optimal))!.Length);
        Assert.Empty(Unpack(Pack([], CompressionLevel.Optimal))!);
        Assert.False(Gzip.TryUnpack(Pack(new byte[Most + 1], CompressionLevel.Optimal), Most, out _, out var problem));
        Assert.Contains("more than 1 MiB", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_operator_refuses_what_was_cut_off_and_says_how_much_it_takes()
    {
        var status = Pack("List of enabled modules:\nMagento_Store\nAcme_FraudCheck\n"u8, CompressionLevel.NoCompression);
        Assert.NotNull(Read(status).Inventory);
        Assert.Contains("cut off", Read(status[..^24]).Message, StringComparison.Ordinal);
        Assert.Contains("cut off", InventoryFiles.ReadText(Convert.ToBase64String(status[..^24]), "the annotation").Message, StringComparison.Ordinal);
        Assert.Contains("more than 8 MiB", Read(Pack(Encoding.UTF8.GetBytes("{\"packages\": []}" + new string(' ', 9 * Megabytes)), CompressionLevel.Optimal)).Message, StringComparison.Ordinal);
    }

    private static InventoryResult Read(byte[] packed) => InventoryFiles.Read(
        new JsonObject { ["metadata"] = new JsonObject { ["name"] = "modules" }, ["binaryData"] = new JsonObject { ["status.gz"] = Convert.ToBase64String(packed) } }, ["status.gz"]);

    private static byte[]? Unpack(byte[] packed) => Gzip.TryUnpack(packed, Most, out var bytes, out _) ? bytes : null;

    private static byte[] Pack(ReadOnlySpan<byte> content, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, level))
        {
            stream.Write(content);
        }

        return packed.ToArray();
    }
}
