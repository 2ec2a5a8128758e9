using System.Diagnostics;
using Xunit;

namespace PatchOperator.Tests.E2E.Infrastructure;

internal static class Eventually
{
    public static async Task IsTrueAsync(Func<Task<bool>> reached, string what, int seconds, Func<Task<string>>? diagnosis = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await reached())
        {
            if (clock.Elapsed.TotalSeconds > seconds)
            {
                Assert.Fail($"Not within {seconds} s: {what}.\n{(diagnosis is null ? "" : await diagnosis())}");
            }

            await Task.Delay(200);
        }
    }
}
