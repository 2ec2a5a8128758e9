using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.TestKit.Crds;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>A town whose API server asks the operator's webhooks, over TLS and as the chart configures them, and people who are somebody.</summary>
internal sealed class Gatehouse : IAsyncDisposable
{
    public const string Operator = "system:serviceaccount:patch-operator-system:patch-operator";
    public static readonly ClusterUser Dana = new("dana@example.com", "uid-dana", "developers");
    public static readonly ClusterUser Alice = new("alice@example.com", "uid-alice", "security-leads");
    public static readonly ClusterUser Bob = new("bob@example.com", "uid-bob", "security-leads", "payments");
    public static readonly ClusterUser Carol = new("carol@example.com", "uid-carol", "payments");
    public static readonly ClusterUser Mallory = new("mallory@example.com", "uid-mallory", "developers");

    private readonly ConcurrentDictionary<(string User, string Verb), bool> rights = new();
    private readonly HttpClient http = new();
    private bool webhooksAreReachable = true;

    private Gatehouse()
    {
    }

    public Town Town { get; private set; } = null!;

    public ConcurrentQueue<JsonObject> Reviews { get; } = new();

    public static AdmissionSettings Settings { get; } = new()
    {
        Enabled = true,
        Listen = "https://127.0.0.1:0",
        Hosts = ["patch-operator-admission.patch-operator-system.svc"],
        Namespace = "patch-operator-system",
        Webhooks = "patch-operator.patch-operator-system",
        Operator = Operator,
    };

    public static async Task<Gatehouse> OpenAsync(bool started = true)
    {
        var gatehouse = new Gatehouse();
        gatehouse.Town = await Town.FoundAsync(options: new ApiServerOptions
        {
            Users = new Dictionary<string, ClusterUser> { ["the-operator"] = new(Operator, "uid-operator", "system:serviceaccounts") },
            Authorize = gatehouse.Review,
            WebhookServices = (_, _) => gatehouse.webhooksAreReachable && gatehouse.Town.AdmissionPort is { } port
                ? new IPEndPoint(IPAddress.Loopback, port)
                : throw new HttpRequestException("connect: connection refused"),
        });
        foreach (var person in (ClusterUser[])[Alice, Bob, Carol])
        {
            gatehouse.Grant(person, "approve");
        }

        foreach (var person in (ClusterUser[])[Dana, Alice, Bob, Carol, Mallory])
        {
            gatehouse.Grant(person, "abort");
        }

        foreach (var configuration in Rendered().Where(o => o["kind"]!.ToString().EndsWith("WebhookConfiguration", StringComparison.Ordinal)))
        {
            var plural = configuration["kind"]!.ToString().ToLowerInvariant() + "s";
            gatehouse.Town.Api.Store.Create(new ResourceName("admissionregistration.k8s.io", "v1", plural), configuration);
        }

        gatehouse.Town.Api.Store.Create(new ResourceName("", "v1", "secrets"), Town.Json("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"patch-operator-admission","namespace":"patch-operator-system"}}"""));
        if (started)
        {
            await gatehouse.StartAsync();
        }

        return gatehouse;
    }

    public async Task StartAsync()
    {
        await Town.StartOperatorAsync(admission: Settings);
        await TrustedAsync();
        await ServingAsync();
    }

    /// <summary>The instance started last can answer: what an earlier one published stays.</summary>
    public Task ServingAsync() => Town.UntilAsync(
        () => Town.Service<ServingCertificate>().Problem is null && Town.Service<CallTokenStore>().Current is not null && Town.Service<FactKeyStore>().Current.Any, "the webhooks can answer");

    /// <summary>Every webhook has an authority and a path.</summary>
    public Task TrustedAsync() => Town.UntilAsync(() => Webhooks.All(w => w["clientConfig"]!["caBundle"] is not null && w["clientConfig"]!["service"]!["path"] is not null), "the API server trusts the webhooks");

    /// <summary>The API server cannot reach any webhook any more, whatever the operator does.</summary>
    public void Cut() => webhooksAreReachable = false;

    public void Mend() => webhooksAreReachable = true;

    public void Grant(ClusterUser user, string verb) => rights[(user.Name, verb)] = true;

    public void Withdraw(ClusterUser user, string verb) => rights.TryRemove((user.Name, verb), out _);

    /// <summary>The authorities that the webhook configurations name, as PEM blocks in base64.</summary>
    public IReadOnlySet<string> Trusted => Webhooks.Select(w => w["clientConfig"]!["caBundle"]?.GetValue<string>()).OfType<string>().ToHashSet();

    /// <summary>As they are configured now.</summary>
    public IReadOnlyList<JsonObject> Webhooks => [.. ((string[])["mutatingwebhookconfigurations", "validatingwebhookconfigurations"])
        .SelectMany(plural => Town.Api.Store.List(new ResourceName("admissionregistration.k8s.io", "v1", plural)))
        .SelectMany(o => o["webhooks"]!.AsArray()).Select(w => w!.AsObject())];

    public Task<Reply> CreateAsync(ClusterUser user, JsonObject patch, bool dryRun = false) =>
        SendAsync(user, HttpMethod.Post, Path("") + (dryRun ? "?dryRun=All" : ""), patch);

    /// <summary>As <c>kubectl annotate</c>; null removes one.</summary>
    public Task<Reply> AnnotateAsync(ClusterUser user, string annotation, string? value, string name = "fix", bool dryRun = false) => SendAsync(
        user, HttpMethod.Patch, Path(name) + (dryRun ? "?dryRun=All" : ""), new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } } });

    public Task<Reply> CommandAsync(ClusterUser user, string command, string reason, string name = "fix", bool dryRun = false) =>
        AnnotateAsync(user, Annotations.CommandPrefix + command, reason, name, dryRun);

    /// <summary>As <c>kubectl edit</c> or <c>kubectl replace</c>: reads, changes, and puts the whole object back.</summary>
    public async Task<Reply> ReplaceAsync(ClusterUser user, Action<JsonObject> change, string name = "fix", string subresource = "")
    {
        for (var attempt = 0; ; attempt++)
        {
            var patch = Town.Patch(name)!;
            change(patch);
            var reply = await SendAsync(user, HttpMethod.Put, Path(name) + subresource, patch);
            if (reply.Code != 409 || attempt == 20)
            {
                return reply;
            }
        }
    }

    /// <summary>As a client that tries again when many others write at the same time: the server gives a patch five attempts.</summary>
    public async Task<Reply> SendAsync(ClusterUser user, HttpMethod method, string path, JsonObject body)
    {
        var reply = await SendOnceAsync(user, method, path, body);
        for (var attempt = 0; attempt < 5 && reply.Code == 409 && method == HttpMethod.Patch; attempt++)
        {
            reply = await SendOnceAsync(user, method, path, body);
        }

        return reply;
    }

    private async Task<Reply> SendOnceAsync(ClusterUser user, HttpMethod method, string path, JsonObject body)
    {
        using var request = new HttpRequestMessage(method, new Uri(Town.Api.Address, path));
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json"));
        request.Headers.Add("Impersonate-User", user.Name);
        request.Headers.Add("Impersonate-Uid", user.Uid);
        request.Headers.Add("Impersonate-Group", user.Groups);
        using var response = await http.SendAsync(request);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        return new Reply((int)response.StatusCode, answer, response.Headers.TryGetValues("Warning", out var warnings) ? [.. warnings] : []);
    }

    public static string Path(string name, string plural = "emergencypatches") => $"/apis/patchoperator.io/v1alpha1/namespaces/{Town.Namespace}/{plural}{(name.Length > 0 ? "/" + name : "")}";

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Town.DisposeAsync();
    }

    private static IReadOnlyList<JsonObject> Rendered() => CrdSchemas.ReadFile(System.IO.Path.Combine(CrdSchemas.RepositoryRoot, "charts", "cases", "default", "rendered.yaml"));

    private bool Review(JsonObject spec)
    {
        Reviews.Enqueue(spec.DeepClone().AsObject());
        return spec["resourceAttributes"] is { } attributes
            && attributes["group"]?.ToString() == Names.Group && attributes["resource"]?.ToString() == Names.EmergencyPatchPlural
            && attributes["namespace"]?.ToString() == Town.Namespace
            && rights.ContainsKey((spec["user"]!.ToString(), attributes["verb"]!.ToString()));
    }
}

/// <summary>What a client sees of an answer.</summary>
internal sealed record Reply(int Code, JsonObject Body, IReadOnlyList<string> Warnings)
{
    public string Message => Body["message"]?.ToString() ?? "";

    public bool IsOk => Code is 200 or 201;

    public Reply Ok()
    {
        Assert.True(IsOk, $"{Code} {Message}");
        return this;
    }
}
