using System.Text.Json.Nodes;
using PatchOperator.Admission;
using PatchOperator.Tests.E2E.Infrastructure;
using Xunit;
using static PatchOperator.Tests.E2E.Attacks.BesiegedShop;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>Needs a real cluster: what somebody gets done while the API server can reach no webhook, on the webhook's own port, and with its Secret.</summary>
[Trait("Needs", "Cluster")]
[Collection(BesiegedCollection.Name)]
public sealed class OutageTests(BesiegedShop shop)
{
    private const string Secret = "patch-operator-admission";

    [Fact]
    public async Task Without_webhooks_nothing_made_up_counts_and_no_creation_passes()
    {
        await shop.WaitingAsync("cut");
        await CutAsync();
        try
        {
            var granted = Mallory.With(Person.WritesStatus);
            var forged = await shop.AnnotateAsync(Mallory, "cut", "patchoperator.io/fact-mine", ForgeryTests.Claim(Alice.Name));
            if (forged.IsOk)
            {
                await shop.RecordedAsync("cut", "FactRefused");
                await shop.Shop.UntilAsync(async () => await shop.AnnotationAsync("cut", "patchoperator.io/fact-mine") is null, "the forged fact is taken away", 30);
            }

            shop.Tried("webhooks down: a made-up approval fact", forged.IsOk ? "stored, unsealed, taken away; FactRefused on record" : "refused by the admission policy");
            var approvals = await shop.ReplaceAsync(granted, "cut", patch => patch["status"]!["approvals"] = ForgeryTests.Approvals(patch), "/status");
            await shop.NothingStartedAsync("cut");
            shop.Tried("webhooks down: an approval written into the status by someone with the right to write statuses", approvals.IsOk ? "its fact has no seal that holds: it counts for nothing" : "refused by the admission policy");
            var glass = await shop.ReplaceAsync(granted, "cut", patch => patch["status"]!["breakGlass"] = Glass(patch), "/status");
            await shop.NothingStartedAsync("cut");
            shop.Tried("webhooks down: a broken glass written into the status by the same", glass.IsOk ? "nothing proves it: the gates stay shut" : "refused by the admission policy");
            (await shop.CommandAsync(Mallory, "cut", "approve", "nobody looks")).Ok();
            await shop.RecordedAsync("cut", "CommandRefused");
            await shop.NothingStartedAsync("cut");
            shop.Tried("webhooks down: an approval by somebody without the verb", "CommandRefused; nothing starts");
            (await shop.CreateAsync(Mallory, shop.Manifest("cut-created"))).Refused("failed calling webhook");
            shop.Tried("webhooks down: a creation, so that nobody is on record", "waits: creations need the webhook");
        }
        finally
        {
            await MendAsync();
        }
    }

    [Fact]
    public async Task Without_webhooks_a_run_can_be_taken_back_and_not_be_hurried()
    {
        await shop.WaitingAsync("run", "  approval: {required: 1}", "[{weight: 20, hold: 10m}]");
        (await shop.CommandAsync(Alice, "run", "approve", "CHG-4")).Ok();
        await shop.Shop.UntilPhaseAsync("Progressing", 60, "run");
        await CutAsync();
        try
        {
            (await shop.CommandAsync(Mallory, "run", "promote-now", "hurry")).Ok();
            await shop.RecordedAsync("run", "CommandRefused");
            Assert.Equal("Progressing", (await shop.Shop.PatchStateAsync("run"))!["status"]!["phase"]!.GetValue<string>());
            shop.Tried("webhooks down: `promote-now` by nobody in particular", "CommandRefused; the run goes its way");
            (await shop.DoAsync(Mallory, ["patch", "epatch", "run", "--type=merge", "-p", """{"metadata":{"finalizers":null}}"""])).Ok();
            await shop.Shop.UntilAsync(async () => (await shop.Shop.PatchStateAsync("run"))!["metadata"]!["finalizers"] is JsonArray { Count: > 0 }, "the finalizer is back", 30);
            shop.Tried("the finalizer is taken away in mid-run, to have the run deleted without its way back", "put back");
            (await shop.CommandAsync(Carol, "run", "abort", "orders fail")).Ok();
            await shop.Shop.UntilPhaseAsync("Reverted", 90, "run");
            Assert.Equal(Shop.StableImage, await shop.Shop.ImageAsync());
            Assert.False(await shop.Shop.HasCanaryAsync());
            shop.Tried("webhooks down: an abort", "taken back: nothing blocks a revert");
            (await shop.DoAsync(Mallory, ["delete", "epatch", "run", "--wait=true", "--timeout=60s"])).Ok();
            shop.Tried("webhooks down: the patch is deleted", "goes, with nothing left behind but its trail");
        }
        finally
        {
            await MendAsync();
        }
    }

    [Fact]
    public async Task The_webhooks_port_answers_only_who_knows_its_path()
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["request"] = new JsonObject { ["uid"] = "forged", ["operation"] = "UPDATE", ["userInfo"] = new JsonObject { ["username"] = Alice.Name } },
        }.ToJsonString();
        foreach (var path in (string[])["/admission/mutate", "/admission/mutate/update", "/admission/mutate/update/00000000000000000000000000000000"])
        {
            var (code, output, errors) = await Kubectl.TryAsync(["create", "--raw", Service("https") + path, "-f", "-"], review);
            Assert.True(code != 0, output);
            Assert.Contains("the server could not find the requested resource", errors, StringComparison.Ordinal);
        }

        shop.Tried("claiming to be the API server, over TLS, with made-up paths: \"Alice approves\"", "not found: no fact is sealed");
        var (plain, text, _) = await Kubectl.TryAsync(["create", "--raw", Service("http") + "/admission/mutate", "-f", "-"], review);
        Assert.True(plain != 0, text);
        shop.Tried("the same in plain HTTP", "no answer");

        static string Service(string scheme) => $"/api/v1/namespaces/{OperatorUnderTest.Namespace}/services/{scheme}:patch-operator-admission:443/proxy";
    }

    [Fact]
    public async Task A_certificate_that_ran_out_and_rubbish_in_the_Secret_are_made_anew()
    {
        var hosts = (string[])[$"patch-operator-admission.{OperatorUnderTest.Namespace}.svc"];
        var old = CertificateRotation.Next(CertificateRing.Empty, hosts, TimeProvider.System.GetUtcNow().AddDays(-400));
        await StoreAsync(new AdmissionSecret { Ring = old }.ToData());
        await CreatesAgainAsync("renewed-1");
        shop.Tried("a certificate in the Secret that ran out", "renewed and published; creations work again");
        await StoreAsync(new JsonObject { ["tls.crt"] = "bm90aGluZw==", ["ca.key"] = "YQ==", ["calls.token"] = "AAAA", ["facts.keys"] = "AAAA" });
        await CreatesAgainAsync("renewed-2");
        shop.Tried("rubbish in the Secret, to keep the webhooks from serving", "made anew; creations work again");

        static Task StoreAsync(JsonObject data) =>
            Kubectl.RunAsync($"-n {OperatorUnderTest.Namespace} replace -f -", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = Secret, ["namespace"] = OperatorUnderTest.Namespace },
                ["data"] = data,
            }.ToJsonString());

        async Task CreatesAgainAsync(string name)
        {
            await shop.Shop.UntilAsync(async () => await IsWholeAsync(), "the Secret is made anew", 60);
            await shop.Shop.UntilAsync(async () => (await shop.CreateAsync(Dana, shop.Manifest(name))).IsOk, "creations work", 90);
            await shop.RecordedAsync(name, "Requested", Dana.Name);
        }

        static async Task<bool> IsWholeAsync() =>
            AdmissionSecret.From((await Kubectl.GetAsync(OperatorUnderTest.Namespace, $"secret/{Secret}"))!) is { Ring.Leaf: { } leaf } && leaf.Open() is { } certificate && certificate.NotAfter > DateTime.Now;
    }

    private static JsonObject Glass(JsonObject patch) => new()
    {
        ["by"] = Alice.Name,
        ["reason"] = "trust me",
        ["at"] = "2026-11-23T09:00:00Z",
        ["specDigest"] = patch["status"]!["specDigest"]!.DeepClone(),
        ["isOpen"] = true,
        ["fact"] = ForgeryTests.Claim(Alice.Name),
    };
}
