using System.Runtime.CompilerServices;
using Xunit;

namespace PatchOperator.Tests.Cluster.Traffic;

/// <summary>Waits on the real clock, for tests with real sockets and processes.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        for (var left = 1_500; !condition(); left--)
        {
            Assert.True(left > 0, $"After 30 s it is still not so that {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
