using System.Text.Json;

namespace PatchOperator.Runtime;

/// <summary>How the API server's answers are read.</summary>
internal static class ApiJson
{
    /// <summary>
    /// As deep as the API server itself reads (10,000 levels) and some envelope: one object that somebody nested deeply is then an object that cannot be decoded,
    /// and not a list or a watch that cannot be read.
    /// </summary>
    public static JsonDocumentOptions Deep { get; } = new() { MaxDepth = 10_100 };
}
