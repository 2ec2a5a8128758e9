using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>
/// Keeps the Secret: the leader makes and renews what is in it, and every replica serves what it finds there. Nothing waits for it but the first
/// TLS handshake, and a failure is tried again: what is served already stays good for weeks.
/// </summary>
internal sealed class CertificateKeeper(
    IClusterClient writer,
    ClusterClient reader,
    WebhookWriter webhooks,
    ILeadership leadership,
    ServingCertificate serving,
    FactKeyStore keys,
    CallTokenStore calls,
    MountedCertificate mounted,
    AdmissionSettings settings,
    KubernetesConnection connection,
    LoopSupervisor loops,
    TimeProvider time,
    ILogger<CertificateKeeper> logger) : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(20);

    // Until something can be served.
    private static readonly TimeSpan Hurry = TimeSpan.FromSeconds(1);

    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret");

    private ObjectKey Key => new(settings.Namespace ?? connection.Namespace, settings.Secret);

    /// <summary>One look: read, renew where due, serve, publish.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        mounted.Read();
        var stored = await reader.FindAsync(Secrets, Key, cancellation);
        var secret = stored is null ? AdmissionSecret.Empty : AdmissionSecret.From(stored);
        if (leadership.Current is not null)
        {
            secret = await RenewAsync(stored, secret, cancellation);
        }

        Serve(secret);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunAsync("certificates", RunAsync, stoppingToken);

    private async Task RunAsync(CancellationToken stop)
    {
        var told = "";
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(stop);
                told = "";
            }
            catch (ClusterException exception)
            {
                if (told != exception.Message)
                {
                    told = exception.Message;
                    logger.LogWarning("The webhooks' certificate could not be kept up, trying again: {Problem}", exception.Message);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                // The term ended in between; the next leader goes on.
            }

            try
            {
                await Task.Delay(serving.Problem is null && keys.Current.Any ? Period : Hurry, time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<AdmissionSecret> RenewAsync(JsonObject? stored, AdmissionSecret secret, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var makesOwn = settings.Certificates is null;
        var next = secret with
        {
            Ring = makesOwn ? CertificateRotation.Next(secret.Ring, settings.Hosts, now) : CertificateRing.Empty,
            FactKeys = secret.FactKeys.Renewed(now, RandomNumberGenerator.GetBytes),
            CallToken = secret.CallToken ?? CallToken.Make(),
        };
        stored = await StoreAsync(stored, secret, next, cancellation);

        // Served before it is published: the first question must find somebody who can answer.
        Serve(next);
        await webhooks.WriteAsync(makesOwn ? next.Ring.Bundle : null, next.CallToken, cancellation);
        if (!makesOwn)
        {
            return next;
        }

        var published = next with { Ring = CertificateRotation.Published(next.Ring, now) };
        await StoreAsync(stored, next, published, cancellation);
        return published;
    }

    private async Task<JsonObject> StoreAsync(JsonObject? stored, AdmissionSecret before, AdmissionSecret after, CancellationToken cancellation)
    {
        if (stored is not null && before == after)
        {
            return stored;
        }

        logger.LogInformation("Renewing the webhooks' certificate and keys in Secret {Secret}", Key);
        if (stored is null)
        {
            var body = new JsonObject { ["metadata"] = new JsonObject { ["name"] = Key.Name, ["namespace"] = Key.Namespace }, ["type"] = "Opaque", ["data"] = after.ToData() };
            return await writer.CreateAsync(Secrets, Key.Namespace, body, cancellation);
        }

        // The resource version in it keeps two leaders, of which one is on its way out, from overwriting each other.
        var changed = stored.DeepClone().AsObject();
        changed["data"] = after.ToData();
        return await writer.ReplaceAsync(Secrets, Key, changed, cancellation);
    }

    private void Serve(AdmissionSecret secret)
    {
        keys.Use(secret.FactKeys);
        calls.Use(secret.CallToken);
        if (settings.Certificates is null && secret.Ring.Leaf is { } leaf && serving.Use(leaf))
        {
            logger.LogInformation("The webhooks serve a certificate that is good until {NotAfter:u}", serving.Current!.NotAfter.ToUniversalTime());
        }
    }
}
