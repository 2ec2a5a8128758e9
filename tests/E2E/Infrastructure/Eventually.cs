using System.Diagnostics;
using Xunit;

namespace PatchOperator.Tests.E2E.Infrastructure;

internal static class Eventually
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Limits are for a machine that has nothing else to do. On a busy one a node may take a minute more to stop a pod; what must be fast is measured and not waited for.
    /// </summary>
    private const int BusyMachine = 3;

    /// <param name="reached">Looked at again and again.</param>
    /// <param name="what">For the message of the failure.</param>
    /// <param name="seconds">The longest that it may take where nothing else is going on.</param>
    /// <param name="diagnosis">Asked for when it took longer.</param>
    public static async Task IsTrueAsync(Func<Task<bool>> reached, string what, int seconds, Func<Task<string>>? diagnosis = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await reached())
        {
            if (clock.Elapsed.TotalSeconds > seconds * BusyMachine)
            {
                Assert.Fail($"Not within {seconds * BusyMachine} s: {what}.\n{(diagnosis is null ? "" : await diagnosis())}");
            }

            await Task.Delay(Often);
        }
    }
}
