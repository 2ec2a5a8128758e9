using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PatchOperator.Runtime;
using Xunit;

namespace PatchOperator.Tests.Cluster.Runtime;

public sealed class ClusterClientTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly MiniApi api = new();

    [Fact]
    public async Task A_throttled_request_waits_as_long_as_the_server_says()
    {
        List<DateTimeOffset> attempts = [];
        await using var harness = await new Harness(api).StartAsync();
        api.Put(MiniApi.Path("a"));
        api.Intercept = _ =>
        {
            attempts.Add(harness.Time.GetUtcNow());
            return attempts.Count == 1 ? Throttled(3) : null;
        };
        var found = harness.Client.FindAsync(Widgets.Type, Harness.Key("a"), None);
        await harness.EventuallyAsync(() => found.IsCompleted, TimeSpan.FromMilliseconds(100));
        Assert.NotNull(await found);
        Assert.InRange((attempts[1] - attempts[0]).TotalSeconds, 3, 3.5);
    }

    [Fact]
    public async Task A_long_pause_is_handed_to_the_caller_with_its_length()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Intercept = _ => Throttled(25);
        var error = await Assert.ThrowsAsync<ClusterException>(() => harness.Client.FindAsync(Widgets.Type, Harness.Key("a"), None));
        Assert.Equal((ApiErrorKind.Throttled, TimeSpan.FromSeconds(25)), (error.Kind, error.Error.RetryAfter));
    }

    [Fact]
    public async Task A_create_whose_outcome_is_not_known_is_not_repeated()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Intercept = _ => MiniApi.Status(504, "Timeout");
        var error = await Assert.ThrowsAsync<ClusterException>(() => harness.Client.CreateAsync(Widgets.Type, "shop", Named("a"), None));
        Assert.Equal(ApiErrorKind.Timeout, error.Kind);
        Assert.Single(api.Writes);
    }

    [Fact]
    public async Task A_merge_patch_is_repeated_and_a_conflict_is_not()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Put(MiniApi.Path("a"));
        api.Intercept = _ => api.Writes.Count < 3 ? MiniApi.Status(500, "InternalError") : MiniApi.Status(409, "Conflict");
        var patched = harness.Client.MergePatchAsync(Widgets.Type, Harness.Key("a"), [], None);
        await harness.EventuallyAsync(() => patched.IsCompleted, TimeSpan.FromMilliseconds(100));
        Assert.Equal(ApiErrorKind.Conflict, (await Assert.ThrowsAsync<ClusterException>(() => patched)).Kind);
        Assert.Equal(3, api.Writes.Count);
    }

    [Fact]
    public async Task No_call_lasts_longer_than_the_total_deadline_also_on_a_server_that_never_answers()
    {
        await using var harness = await new Harness(new Silence()).StartAsync();
        var started = harness.Time.GetUtcNow();
        var found = harness.Client.FindAsync(Widgets.Type, Harness.Key("a"), None);
        await harness.EventuallyAsync(() => found.IsCompleted, TimeSpan.FromMilliseconds(250));
        Assert.Equal(ApiErrorKind.Timeout, (await Assert.ThrowsAsync<ClusterException>(() => found)).Kind);
        Assert.InRange((harness.Time.GetUtcNow() - started).TotalSeconds, 29, 33);
    }

    [Fact]
    public async Task A_failed_test_of_a_json_patch_is_a_conflict()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Put(MiniApi.Path("a"));
        var patch = new JsonPatch().Test(["metadata", "uid"], "another").Add(["spec"], new JsonObject());
        var error = await Assert.ThrowsAsync<ClusterException>(() => harness.Client.JsonPatchAsync(Widgets.Type, Harness.Key("a"), patch, None));
        Assert.Equal(ApiErrorKind.Conflict, error.Kind);
    }

    /// <summary>As of a ValidatingAdmissionPolicy, whose cause names no field.</summary>
    [Fact]
    public async Task A_policys_denial_of_a_json_patch_is_a_refusal_with_its_words()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Put(MiniApi.Path("a"));
        const string Words = "widgets.test.io \"a\" is forbidden: ValidatingAdmissionPolicy 'images' with binding 'images' denied request: only signed images";
        api.Intercept = _ => MiniApi.Status(422, "Invalid", Words);
        var patch = new JsonPatch().Test(["metadata", "uid"], "another").Add(["spec"], new JsonObject());
        var error = await Assert.ThrowsAsync<ClusterException>(() => harness.Client.JsonPatchAsync(Widgets.Type, Harness.Key("a"), patch, None));
        Assert.Equal((ApiErrorKind.Invalid, Words), (error.Kind, error.Error.Message));
    }

    [Fact]
    public async Task A_status_written_on_an_older_version_is_a_conflict_and_a_current_one_replaces_it_whole()
    {
        await using var harness = await new Harness(api).StartAsync();
        api.Put(MiniApi.Path("a"), widget => widget["status"] = new JsonObject { ["phase"] = "Old", ["stale"] = true });
        var error = await Assert.ThrowsAsync<ClusterException>(
            () => harness.Client.ReplaceStatusAsync(Widgets.Type, Harness.Key("a"), "1", new JsonObject { ["phase"] = "New" }, None));
        Assert.Equal(ApiErrorKind.Conflict, error.Kind);

        var current = await harness.Client.GetAsync(Widgets.Type, Harness.Key("a"), None);
        await harness.Client.ReplaceStatusAsync(Widgets.Type, Harness.Key("a"), current.Metadata.ResourceVersion, new JsonObject { ["phase"] = "New" }, None);
        Assert.Equal("""{"phase":"New"}""", api.Read(MiniApi.Path("a"))!["status"]!.ToJsonString());
    }

    [Fact]
    public async Task What_is_not_there_is_null_and_deleting_it_is_no_error()
    {
        await using var harness = await new Harness(api).StartAsync();
        Assert.Null(await harness.Client.FindAsync(Widgets.Type, Harness.Key("a"), None));
        Assert.False(await harness.Client.DeleteAsync(Widgets.Type, Harness.Key("a"), null, None));
        var error = await Assert.ThrowsAsync<ClusterException>(() => harness.Client.GetAsync(Widgets.Type, Harness.Key("a"), None));
        Assert.Equal(ApiErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task Repeated_events_are_counted_named_ones_are_written_once_and_none_fails_its_caller()
    {
        await using var harness = await new Harness(api).StartAsync();
        var events = harness.Services.GetRequiredService<IEventPublisher>();
        var subject = new EventSubject("test.io/v1", "Widget", Harness.Key("a"), "uid-1", "7");
        List<string> names = [];
        api.Intercept = request =>
        {
            names.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
            return null;
        };
        await events.PublishAsync(subject, EventType.Warning, "Blocked", "because", None);
        await events.PublishAsync(subject, EventType.Warning, "Blocked", "because", None);
        var path = names[1].Split(' ')[1].Trim('/');
        Assert.Equal(2, api.Read(path)!["count"]!.GetValue<int>());

        api.Remove(path);
        await events.PublishAsync(subject, EventType.Warning, "Blocked", "because", None);
        Assert.StartsWith("POST", names[^1], StringComparison.Ordinal);

        await events.PublishAsync(subject, EventType.Normal, "Promoted", "done", None, "a.promoted-1");
        await events.PublishAsync(subject, EventType.Normal, "Promoted", "done", None, "a.promoted-1");
        Assert.NotNull(api.Read("api/v1/namespaces/shop/events/a.promoted-1"));

        api.Intercept = _ => MiniApi.Status(403, "Forbidden", "events is forbidden");
        await events.PublishAsync(subject, EventType.Warning, "Lost", "message", None);
        Assert.Contains(harness.Log.Lines, line => line.Contains("events is forbidden", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Discovery_tells_a_served_kind_from_one_that_is_not_installed()
    {
        await using var harness = await new Harness(api).StartAsync();
        var connection = harness.Services.GetRequiredService<KubernetesConnection>();
        api.Intercept = request => request.RequestUri!.AbsolutePath == "/apis/gateway.networking.k8s.io/v1"
            ? new HttpResponseMessage { Content = new StringContent("""{"resources":[{"name":"httproutes"},{"name":"httproutes/status"}]}""") }
            : MiniApi.Status(404, "NotFound");
        Assert.True(await connection.ServesAsync("gateway.networking.k8s.io", "v1", "httproutes", None));
        Assert.False(await connection.ServesAsync("gateway.networking.k8s.io", "v1", "grpcroutes", None));
        Assert.False(await connection.ServesAsync("cert-manager.io", "v1", "certificates", None));
    }

    [Fact]
    public async Task The_probes_name_what_is_missing_and_the_metrics_are_served()
    {
        api.Intercept = _ => MiniApi.Status(404, "NotFound", "the server could not find the requested resource");
        var script = new Script();
        await using var harness = await new Harness(api, add =>
        {
            add.Services.AddSingleton(script);
            add.AddController<WidgetController, Widget>(Widgets.Type);
        }).StartAsync();
        await harness.EventuallyAsync(() => api.Intercept is not null && harness.Services.GetRequiredService<RuntimeHealth>().ReadinessProblems.Any(
            problem => problem.Contains("could not find", StringComparison.Ordinal)));

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(harness.Services.GetRequiredService<RuntimeHealth>());
        builder.Services.AddSingleton(harness.Services.GetRequiredService<RuntimeMetrics>());
        await using var web = builder.Build();
        web.MapRuntimeEndpoints();
        await web.StartAsync();
        var address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz"));
        using var ready = await http.GetAsync("/readyz");
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.Contains("widgets.test.io is not listed yet", await ready.Content.ReadAsStringAsync());
        Assert.Contains("patchoperator_api_requests_total{verb=\"list\",resource=\"widgets.test.io\",code=\"404\"}", await http.GetStringAsync("/metrics"));

        api.Intercept = null;
        await harness.EventuallyAsync(() => harness.Services.GetRequiredService<RuntimeHealth>().ReadinessProblems.Count == 0, TimeSpan.FromSeconds(1));
        Assert.Equal("ok\n", await http.GetStringAsync("/readyz"));
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "shop" } };

    private static HttpResponseMessage Throttled(int seconds)
    {
        var answer = MiniApi.Status(429, "TooManyRequests");
        answer.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        return answer;
    }

    private sealed class Silence : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
