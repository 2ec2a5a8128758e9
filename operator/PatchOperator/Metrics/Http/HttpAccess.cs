using System.Collections.Concurrent;
using System.Text;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Metrics.Http;

/// <summary>Sessions made from what a spec says about authentication, TLS and headers.</summary>
internal sealed class HttpAccess(HttpAuthSpec? auth, HttpTlsSpec? tls, IReadOnlyList<HttpHeaderSpec>? headers, HttpClients clients, Secrets secrets) : IHttpAccess
{
    private const string DefaultTokenKey = "token";
    private const string DefaultCaKey = "ca.crt";

    private readonly ConcurrentDictionary<string, bool> distrusted = new(StringComparer.Ordinal);

    public async ValueTask<HttpSession> OpenAsync(string ns, CancellationToken cancellation)
    {
        var reading = new Reading(ns, secrets, distrusted.TryRemove(ns, out _), cancellation);
        var all = new List<KeyValuePair<string, string>>();
        if (auth?.BearerTokenSecretRef is { } bearer)
        {
            all.Add(new("Authorization", "Bearer " + await reading.HeaderAsync(bearer.Name!, bearer.Key ?? DefaultTokenKey)));
        }

        if (auth?.BasicSecretRef is { } basic)
        {
            var user = await reading.HeaderAsync(basic.Name!, "username", isSecret: false);
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{await reading.TextAsync(basic.Name!, "password", trimmed: true)}"));
            reading.Hide(pair);
            all.Add(new("Authorization", "Basic " + pair));
        }

        foreach (var header in headers ?? [])
        {
            all.Add(new(header.Name!, header.ValueSecretRef is { } from ? await reading.HeaderAsync(from.Name!, from.Key!) : header.Value!));
        }

        var ca = tls?.CaSecretRef is { } trusted ? await reading.TextAsync(trusted.Name!, trusted.Key ?? DefaultCaKey, isSecret: false) : null;
        var own = tls?.ClientCertificateSecretRef is { Name: { } certificate }
            ? new ClientCertificate(certificate, await reading.TextAsync(certificate, "tls.crt", isSecret: false), await reading.TextAsync(certificate, "tls.key"))
            : null;
        return new HttpSession(clients.For(new TlsMaterial(tls?.CaSecretRef?.Name, ca, own)), all, tls?.ServerName, reading.Redaction());
    }

    public void Distrust(string ns)
    {
        if (auth is not null || tls is not null || headers is not null)
        {
            distrusted[ns] = true;
        }
    }

    /// <summary>The values of one session, each noted so that no text shows it.</summary>
    private sealed class Reading(string ns, Secrets secrets, bool fresh, CancellationToken cancellation)
    {
        private readonly List<string> hidden = [];

        public void Hide(string value) => hidden.Add(value);

        public Redaction Redaction() => hidden.Count == 0 ? Http.Redaction.Nothing : new Redaction(hidden);

        public async Task<string> TextAsync(string name, string key, bool isSecret = true, bool trimmed = false)
        {
            var value = await secrets.TextAsync(new ObjectKey(ns, name), key, fresh, cancellation);

            // Files made with echo end in a line end that nobody means.
            value = trimmed ? value.Trim('\r', '\n') : value;
            if (isSecret)
            {
                Hide(value);
            }

            return value;
        }

        public async Task<string> HeaderAsync(string name, string key, bool isSecret = true)
        {
            var value = await TextAsync(name, key, isSecret, trimmed: true);
            return value.All(character => character is >= ' ' and <= '~') && value.Trim(' ').Length == value.Length && value.Length > 0
                ? value
                : throw new AccessProblemException($"the key {key} of Secret {name} in namespace {ns} holds what no header can carry; write one line of printable ASCII", terminal: true);
        }
    }
}

/// <summary>Without credentials.</summary>
internal sealed class OpenAccess(HttpClient client) : IHttpAccess
{
    private readonly HttpSession session = new(client, [], null, Redaction.Nothing);

    public ValueTask<HttpSession> OpenAsync(string ns, CancellationToken cancellation) => ValueTask.FromResult(session);

    public void Distrust(string ns)
    {
    }
}
