using System.Security.Cryptography;

namespace PatchOperator.Runtime;

/// <summary>Randomness for delays. Not from a shared Random, so that tests can put their own in its place.</summary>
internal static class Jitter
{
    /// <summary>From 0 to below 1.</summary>
    public static double Next() => RandomNumberGenerator.GetInt32(1 << 24) / (double)(1 << 24);
}
