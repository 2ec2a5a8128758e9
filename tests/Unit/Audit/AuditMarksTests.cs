using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;
using PatchOperator.Audit;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Unit.Audit;

/// <summary>Another replica may have led in between, and knows of later heads.</summary>
public sealed class AuditMarksTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly Mock<IClusterClient> client = new();
    private readonly AuditMarks marks;
    private JsonObject? stored;

    public AuditMarksTests()
    {
        client.Setup(c => c.FindAsync(It.IsAny<ResourceType>(), It.IsAny<ObjectKey>(), It.IsAny<CancellationToken>())).ReturnsAsync(() => stored);
        marks = new AuditMarks(new AuditSettings { Secret = "patch-operator-audit", Namespace = "ops" }, client.Object, time, NullLogger<AuditMarks>.Instance);
        time.Advance(TimeSpan.FromMinutes(5));
    }

    public void Dispose() => marks.Dispose();

    [Fact]
    public async Task Heads_are_read_again_after_a_minute_and_not_before()
    {
        Store(5);
        await marks.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, marks.Of("uid")!.Sequence);

        Store(9);
        time.Advance(TimeSpan.FromSeconds(59));
        await marks.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, marks.Of("uid")!.Sequence);
        time.Advance(TimeSpan.FromSeconds(2));
        await marks.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(9, marks.Of("uid")!.Sequence);
    }

    [Fact]
    public async Task A_head_that_was_set_back_is_not_believed()
    {
        Store(9);
        await marks.ReadAsync(TestContext.Current.CancellationToken);
        Store(3);
        time.Advance(TimeSpan.FromMinutes(2));
        await marks.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(9, marks.Of("uid")!.Sequence);
    }

    private void Store(long sequence) => stored = new JsonObject
    {
        ["data"] = new JsonObject { ["uid"] = AuditSeals.Format(new AuditSeal { Sequence = sequence, Hash = $"sha256:{sequence}", Uid = "uid", KeyId = "key", At = DateTimeOffset.UnixEpoch, Signature = "c2lnbmVk" }) },
    };
}
