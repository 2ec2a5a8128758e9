namespace PatchOperator.TestKit.ApiServer;

/// <summary>Every call the server received, refused and failed ones included.</summary>
public sealed class RequestLog
{
    private readonly Lock _gate = new();
    private readonly List<ApiRequest> _requests = [];

    /// <summary>A point in the log, for <see cref="Since"/>.</summary>
    public int Mark
    {
        get
        {
            lock (_gate)
            {
                return _requests.Count;
            }
        }
    }

    public IReadOnlyList<ApiRequest> All => Since(0);

    public IReadOnlyList<ApiRequest> Since(int mark)
    {
        lock (_gate)
        {
            return [.. _requests.Skip(mark)];
        }
    }

    /// <summary>Calls by "verb resource[/subresource]", e.g. "patch deployments" or "update emergencypatches/status".</summary>
    public IReadOnlyDictionary<string, int> CountByVerbAndResource(int mark = 0, string? userAgentPrefix = null) => Since(mark)
        .Where(r => userAgentPrefix is null || r.UserAgent.StartsWith(userAgentPrefix, StringComparison.Ordinal))
        .GroupBy(r => r.Resource.Length == 0
            ? $"{r.Verb} {r.Path}"
            : $"{r.Verb} {r.Resource}{(r.Subresource.Length > 0 ? "/" + r.Subresource : "")}")
        .ToDictionary(g => g.Key, g => g.Count());

    public IReadOnlyDictionary<string, int> CountByUserAgent(int mark = 0) =>
        Since(mark).GroupBy(r => r.UserAgent).ToDictionary(g => g.Key, g => g.Count());

    internal void Add(ApiRequest request)
    {
        lock (_gate)
        {
            _requests.Add(request);
        }
    }
}
