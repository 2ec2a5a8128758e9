using System.Text;
using PatchOperator.Audit;
using PatchOperator.Domain.Audit;
using PatchOperator.Signing;
using Xunit;

namespace PatchOperator.Tests.Unit.Audit;

public sealed class SigningTests
{
    // RFC 8032, section 7.1, test 2.
    private static readonly byte[] Seed = Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    private static readonly byte[] Point = Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    private static readonly byte[] Signature = Convert.FromHexString("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");

    [Fact]
    public void The_vectors_of_the_standard_hold()
    {
        var key = new VerifyingKey(Point);
        Assert.Equal(key.Id, new SigningKey(Seed).Public.Id);
        Assert.True(key.Verifies([0x72], Signature));
        Assert.False(key.Verifies([0x73], Signature));
        Assert.False(key.Verifies([0x72], Signature[..63]));
    }

    [Fact]
    public void A_public_key_is_written_as_openssl_writes_it_and_read_back()
    {
        var pem = new VerifyingKey(Point).ToPem();
        Assert.Equal("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n-----END PUBLIC KEY-----", pem);
        Assert.Equal(new VerifyingKey(Point).Id, Assert.Single(VerifyingKey.ReadAll($"two keys\n{pem}\nand -----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")).Id);
    }

    [Fact]
    public void A_private_key_is_read_as_openssl_writes_it()
    {
        var secret = Convert.ToBase64String(Encoding.UTF8.GetBytes(PrivateKeyPem.Write(Seed)));
        Assert.Equal(new VerifyingKey(Point).Id, PrivateKeyPem.Read(secret)!.Public.Id);
        Assert.Null(PrivateKeyPem.Read("AAAA"));
        Assert.Null(PrivateKeyPem.Read("no base64"));
        Assert.Null(PrivateKeyPem.Read(null));
    }

    [Fact]
    public void The_same_head_has_the_same_signature_so_that_a_repeated_write_changes_nothing() =>
        Assert.Equal(TrailUnderTest.Seal(TrailUnderTest.Status(3)), TrailUnderTest.Seal(TrailUnderTest.Status(3)));

    [Fact]
    public void A_seal_survives_the_annotation()
    {
        var seal = TrailUnderTest.Seal(TrailUnderTest.Status(3));
        Assert.Equal(seal, AuditSeals.Parse(AuditSeals.Format(seal)));
        Assert.Null(AuditSeals.Parse("nonsense"));
        Assert.Null(AuditSeals.Parse("{}"));
    }
}
