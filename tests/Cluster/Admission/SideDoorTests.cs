using System.Net;
using System.Net.Security;
using System.Text.Json.Nodes;
using PatchOperator.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.TestKit.ApiServer;
using PatchOperator.Tests.Cluster.Patches;
using Xunit;

namespace PatchOperator.Tests.Cluster.Admission;

/// <summary>Attacks past the front door: on the webhook's port, on its certificate, on the status, on names and lists.</summary>
public sealed class SideDoorTests
{
    private const string Checked = """
        ,"compatibility":{"mode":"Enforce","onUnknown":"Warn","inventory":{"configMap":{"name":"modules","key":"composer.lock"}}}
        """;

    [Attack("claiming to be the API server, over TLS: \"Alice approves\"", "404 without the path that only the API server knows; no fact is sealed")]
    [Attack("the same with a made-up path", "404")]
    [Fact]
    public async Task Whoever_claims_to_be_the_API_server_gets_no_sealed_fact()
    {
        await using var gatehouse = await AttackTests.WaitingAsync();
        foreach (var path in (string[])["/admission/mutate", "/admission/mutate/update", "/admission/mutate/update/00000000000000000000000000000000", "/admission/mutate/update/"])
        {
            Assert.Equal(404, await CallAsync(gatehouse, path, "UPDATE"));
        }
    }

    [Attack("the path of creations, which error messages may show, to seal an approval", "404 on the path of updates, 400 for an update on its own")]
    [Fact]
    public async Task The_path_of_one_webhook_opens_no_other()
    {
        await using var gatehouse = await AttackTests.WaitingAsync();
        var create = PathOf(gatehouse, "create.mutating.patchoperator.io");
        Assert.Equal(400, await CallAsync(gatehouse, create, "UPDATE"));
        Assert.Equal(404, await CallAsync(gatehouse, create.Replace("create", "update", StringComparison.Ordinal), "UPDATE"));
        Assert.Equal(200, await CallAsync(gatehouse, PathOf(gatehouse, "update.mutating.patchoperator.io"), "UPDATE"));
    }

    [Attack("a spec that is nested a thousand levels deep, so that nobody can read it any more", "refused: 64 levels at most")]
    [Fact]
    public async Task What_nobody_could_read_back_is_not_stored()
    {
        await using var gatehouse = await AttackTests.WaitingAsync();
        var deep = $"{string.Concat(Enumerable.Repeat("{\"a\":", 1000))}1{new string('}', 1000)}";
        using var response = await SendAsync(gatehouse, PathOf(gatehouse, "update.validating.patchoperator.io"), Review(gatehouse, "UPDATE").ToJsonString().Replace("\"trust me\"", deep, StringComparison.Ordinal));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["response"]!;
        Assert.Equal(("forged", false, 422), (answer["uid"]!.GetValue<string>(), answer["allowed"]!.GetValue<bool>(), answer["status"]!["code"]!.GetValue<int>()));
        Assert.Contains("64 levels", answer["status"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Attack("a broken glass written into the status while the webhooks are down", "nothing proves it: the gates stay shut")]
    [Fact]
    public async Task A_broken_glass_in_the_status_opens_nothing()
    {
        await using var gatehouse = await AttackTests.WaitingAsync();
        gatehouse.Cut();
        (await gatehouse.ReplaceAsync(
            Gatehouse.Mallory,
            patch => patch["status"]!["breakGlass"] = new JsonObject
            {
                ["by"] = "alice@example.com",
                ["reason"] = "trust me",
                ["at"] = "2026-11-23T09:00:00Z",
                ["specDigest"] = patch["status"]!["specDigest"]!.DeepClone(),
                ["isOpen"] = true,
                ["fact"] = AttackTests.Claim("alice@example.com"),
            },
            subresource: "/status")).Ok();
        await AttackTests.NothingStartedAsync(gatehouse);
    }

    [Attack("phase Promoted written into the status", "403; ForgeryDenied on record with the author's name")]
    [Fact]
    public async Task Whoever_tries_to_write_a_status_is_on_record()
    {
        await using var gatehouse = await AttackTests.WaitingAsync();
        Assert.Equal(403, (await gatehouse.ReplaceAsync(Gatehouse.Mallory, patch => patch["status"]!["phase"] = "Promoted", subresource: "/status")).Code);
        await AttackTests.RecordedAsync(gatehouse, "ForgeryDenied", Gatehouse.Mallory);
        await AttackTests.NothingStartedAsync(gatehouse);
    }

    [Attack("a glass that is broken inside the manifest", "422; nothing is created")]
    [Attack("a patch without a name (`generateName`), so that its facts fit several", "422: write metadata.name")]
    [Fact]
    public async Task What_comes_with_the_creation_is_a_spec_and_a_name_and_nothing_else()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        gatehouse.Grant(Gatehouse.Dana, "breakglass");
        var manifest = Town.Manifest();
        manifest["metadata"]!["annotations"] = new JsonObject { ["patchoperator.io/break-glass"] = "hurry" };
        Assert.Equal(422, (await gatehouse.CreateAsync(Gatehouse.Dana, manifest)).Code);
        Assert.Null(gatehouse.Town.Patch());

        var nameless = Town.Manifest();
        nameless["metadata"]!.AsObject().Remove("name");
        nameless["metadata"]!["generateName"] = "fix-";
        var answer = await gatehouse.Town.Service<AdmissionMutator>().AnswerAsync(
            AttackTests.Question([], nameless, "dana@example.com") with { Operation = "CREATE", OldObject = null, Name = null }, TestContext.Current.CancellationToken);
        Assert.Equal((false, 422), (answer.Allowed, answer.Status!.Code));
        Assert.Contains("metadata.name", answer.Status.Message, StringComparison.Ordinal);
    }

    [Attack("a user who is called `patch-operator` or `unverified`, to look like the operator in the trail", "403")]
    [Attack("a user who is called `group:security-leads`, to be accountable", "approves, and is not accountable: nothing starts")]
    [Fact]
    public async Task Nobody_becomes_somebody_by_their_name()
    {
        await using var gatehouse = await AttackTests.WaitingAsync(""","approval":{"required":1,"accountable":["group:security-leads"]}""");
        foreach (var name in (string[])["patch-operator", "unverified"])
        {
            var pretender = new ClusterUser(name, "uid-" + name, "developers");
            gatehouse.Grant(pretender, "approve");
            Assert.Equal(403, (await gatehouse.CommandAsync(pretender, "approve", "as the operator")).Code);
        }

        var listed = new ClusterUser("group:security-leads", "uid-listed", "developers");
        gatehouse.Grant(listed, "approve");
        (await gatehouse.CommandAsync(listed, "approve", "I am on the list")).Ok();
        await gatehouse.Town.UntilAsync(() => AttackTests.Approvers(gatehouse).Count == 1, "the approval is taken in");
        await AttackTests.NothingStartedAsync(gatehouse);
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "I am in the group")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
    }

    [Attack("withdrawing the approval of another person", "ignored; the approval stands")]
    [Attack("a command in capitals (`patchoperator.io/Approve`)", "no command: it stays an annotation and does nothing")]
    [Attack("an approval without a reason", "422")]
    [Fact]
    public async Task Only_ones_own_approval_can_be_withdrawn_and_only_commands_command()
    {
        await using var gatehouse = await AttackTests.WaitingAsync(""","approval":{"required":2}""");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilAsync(() => AttackTests.Approvers(gatehouse).Count == 1, "the approval is taken in");
        (await gatehouse.CommandAsync(Gatehouse.Bob, "revoke", "I would rather not")).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action == "CommandIgnored" && r.Actor == Gatehouse.Bob.Name), "it is ignored");
        (await gatehouse.CommandAsync(Gatehouse.Mallory, "Approve", "in capitals")).Ok();
        Assert.Equal(422, (await gatehouse.CommandAsync(Gatehouse.Bob, "approve", " ")).Code);
        await AttackTests.NothingStartedAsync(gatehouse);
        Assert.Equal(["alice@example.com"], AttackTests.Approvers(gatehouse));
    }

    [Attack("a certificate in the Secret that ran out", "renewed and published before anybody asks")]
    [Attack("rubbish in the Secret, to keep the webhooks from serving", "made anew; creations work again")]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Secret_that_ran_out_or_is_rubbish_is_made_anew(bool ranOut)
    {
        await using var gatehouse = await Gatehouse.OpenAsync(started: false);
        var then = TimeProvider.System.GetUtcNow().AddDays(-400);
        var old = CertificateRotation.Next(CertificateRing.Empty, Gatehouse.Settings.Hosts, then);
        var secrets = new ResourceName("", "v1", "secrets");
        var secret = gatehouse.Town.Api.Store.Get(secrets, "patch-operator-system", "patch-operator-admission")!;
        secret["data"] = ranOut ? new AdmissionSecret { Ring = old }.ToData() : new JsonObject { ["tls.crt"] = "bm90aGluZw==", ["ca.key"] = "!", ["calls.token"] = "AAAA", ["facts.keys"] = "AAAA" };
        gatehouse.Town.Api.Store.Update(secrets, secret);
        await gatehouse.StartAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest())).Ok();
        Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(old.Bundle)), gatehouse.Trusted);
    }

    [Attack("asking a replica that does not lead, since only the leader could be careful", "the same answers from every replica")]
    [Fact]
    public async Task Every_replica_answers_whoever_leads()
    {
        await using var gatehouse = await Gatehouse.OpenAsync(started: false);
        await gatehouse.Town.StartOperatorAsync(leaderElection: true, admission: Gatehouse.Settings);
        await gatehouse.TrustedAsync();
        await gatehouse.Town.StartOperatorAsync(leaderElection: true, admission: Gatehouse.Settings);
        await gatehouse.ServingAsync();
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest())).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.AwaitingApproval);
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "approve", "let me")).Code);
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "yes")).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
    }

    [Attack("waiving a module without the verb `approve`", "403; AttemptDenied on record")]
    [Attack("the requester waives the module that blocks their patch", "403: another person must")]
    [Attack("a waiver written into the status while the webhooks are down", "nothing proves it: WaiverRefused, and the module blocks on")]
    [Fact]
    public async Task A_module_is_waived_by_one_person_and_refused_to_others()
    {
        await using var gatehouse = await Gatehouse.OpenAsync();
        CompatibilityScenarios.Store(gatehouse.Town, CompatibilityScenarios.Lock("2.3.1"));
        CompatibilityScenarios.Rule(gatehouse.Town, "Incompatible");
        (await gatehouse.CreateAsync(Gatehouse.Dana, Town.Manifest(spec: Checked))).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Condition("Compatible")?["reason"]?.ToString() == "IncompatibleModules", "the module blocks");
        (await gatehouse.CommandAsync(Gatehouse.Alice, "approve", "once the module allows it")).Ok();

        const string Waiver = "acme/module-fraud-check: CHG-20871";
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Mallory, "waive", Waiver)).Code);
        await AttackTests.RecordedAsync(gatehouse, "AttemptDenied", Gatehouse.Mallory);
        gatehouse.Grant(Gatehouse.Dana, "approve");
        Assert.Equal(403, (await gatehouse.CommandAsync(Gatehouse.Dana, "waive", Waiver)).Code);
        gatehouse.Cut();
        (await gatehouse.ReplaceAsync(
            Gatehouse.Mallory,
            patch => patch["status"]!["waivers"] = new JsonArray(new JsonObject
            {
                ["module"] = "acme/module-fraud-check",
                ["by"] = "bob@example.com",
                ["verified"] = true,
                ["reason"] = "CHG-20871",
                ["at"] = "2026-11-23T09:00:00Z",
                ["expiresAt"] = "2126-11-23T09:00:00Z",
                ["specDigest"] = patch["status"]!["specDigest"]!.DeepClone(),
                ["fact"] = AttackTests.Claim("bob@example.com"),
            }),
            subresource: "/status")).Ok();
        await gatehouse.Town.UntilAsync(() => gatehouse.Town.Trail().Any(r => r.Action == "WaiverRefused"), "the forged waiver is refused");
        await AttackTests.NothingStartedAsync(gatehouse);
        gatehouse.Mend();

        (await gatehouse.CommandAsync(Gatehouse.Bob, "waive", Waiver)).Ok();
        await gatehouse.Town.UntilPhaseAsync(PatchPhase.Progressing);
        var waiver = gatehouse.Town.Patch()!["status"]!["waivers"]![0]!;
        Assert.Equal(("bob@example.com", true), (waiver["by"]!.ToString(), waiver["verified"]!.GetValue<bool>()));
    }

    private static string PathOf(Gatehouse gatehouse, string webhook) =>
        gatehouse.Webhooks.Single(w => w["name"]!.ToString() == webhook)["clientConfig"]!["service"]!["path"]!.ToString();

    /// <summary>As some pod in the cluster would: it speaks TLS, and says whatever it likes.</summary>
    private static async Task<int> CallAsync(Gatehouse gatehouse, string path, string operation)
    {
        using var response = await SendAsync(gatehouse, path, Review(gatehouse, operation).ToJsonString());
        return (int)response.StatusCode;
    }

    private static JsonObject Review(Gatehouse gatehouse, string operation)
    {
        var patch = gatehouse.Town.Patch()!;
        var next = patch.DeepClone().AsObject();
        next["metadata"]!["annotations"]!["patchoperator.io/approve"] = "trust me";
        return new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject
            {
                ["uid"] = "forged",
                ["operation"] = operation,
                ["namespace"] = Town.Namespace,
                ["name"] = "fix",
                ["resource"] = new JsonObject { ["group"] = Names.Group, ["version"] = Names.Version, ["resource"] = Names.EmergencyPatchPlural },
                ["userInfo"] = new JsonObject { ["username"] = "alice@example.com", ["uid"] = "uid-alice", ["groups"] = new JsonArray("security-leads") },
                ["oldObject"] = patch,
                ["object"] = next,
            },
        };
    }

    private static async Task<HttpResponseMessage> SendAsync(Gatehouse gatehouse, string path, string review)
    {
        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } };
        using var http = new HttpClient(handler);
        using var content = new StringContent(review, System.Text.Encoding.UTF8, "application/json");
        return await http.PostAsync(new Uri($"https://{IPAddress.Loopback}:{gatehouse.Town.AdmissionPort}{path}"), content, TestContext.Current.CancellationToken);
    }
}
