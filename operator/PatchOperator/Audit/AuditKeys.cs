using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;
using PatchOperator.Signing;

namespace PatchOperator.Audit;

/// <summary>
/// The key that trails are signed with and the public keys they verify with. Where the Secret has no key one is made, so that taking it out is how to rotate;
/// its public half stays known. What cannot be read or written leaves things as they were: a trail without a new signature, never a run that waits.
/// </summary>
internal sealed class AuditKeys(AuditSettings settings, IClusterClient client, TimeProvider time, ILogger<AuditKeys> logger) : IDisposable
{
    public const string KeyEntry = "ed25519.key";

    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim gate = new(1, 1);
    private long? readAt;
    private string? complaint;

    /// <summary>Null while there is none to be had.</summary>
    public SigningKey? Current { get; private set; }

    public KeyRing Ring { get; private set; } = new([]);

    public async Task RefreshAsync(CancellationToken cancellation)
    {
        if (settings.Secret is null || IsFresh)
        {
            return;
        }

        await gate.WaitAsync(cancellation);
        try
        {
            if (!IsFresh)
            {
                await LoadAsync(settings.Secret, cancellation);
                complaint = null;
            }
        }
        catch (ClusterException exception)
        {
            if (complaint != exception.Message)
            {
                logger.LogWarning("The key that audit trails are signed with is not to be had: {Problem}", exception.Message);
                complaint = exception.Message;
            }
        }
        finally
        {
            readAt = time.GetTimestamp();
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private bool IsFresh => readAt is { } at && time.GetElapsedTime(at) < (complaint is null ? Freshness : Pause);

    private async Task LoadAsync(string name, CancellationToken cancellation)
    {
        var secret = new ObjectKey(settings.Namespace, name);
        var found = await client.FindAsync(AuditKinds.Secrets, secret, cancellation);
        var key = PrivateKeyPem.Read(found?["data"]?[KeyEntry]?.GetValue<string>());
        if (key is null)
        {
            if (found?["data"]?[KeyEntry] is not null)
            {
                throw new ClusterException(
                    new ApiError { Kind = ApiErrorKind.Other, Message = $"Secret {secret} has no Ed25519 private key in {KeyEntry}; write one with openssl genpkey -algorithm ed25519, or take the entry out and one is made" }, "GET " + name, null);
            }

            key = await MakeAsync(secret, found, cancellation);
        }

        // Published before it is used: no head may name a key that nobody can look up.
        var keys = new ObjectKey(settings.Namespace, settings.KeysConfigMap);
        var known = await client.FindAsync(AuditKinds.ConfigMaps, keys, cancellation);
        if (known?["data"]?[key.Public.Id] is null)
        {
            known = await AuditStore.MergeAsync(client, keys, new JsonObject { [key.Public.Id] = key.Public.ToPem() }, known is not null, cancellation);
        }

        var published = (known["data"] as JsonObject ?? []).SelectMany(entry => VerifyingKey.ReadAll(entry.Value?.GetValue<string>() ?? ""));
        Ring = new KeyRing([key.Public, .. published]);
        if (Current?.Public.Id != key.Public.Id)
        {
            logger.LogInformation("Audit trails are signed with key {KeyId}", key.Public.Id);
        }

        Current = key;
    }

    private async Task<SigningKey> MakeAsync(ObjectKey secret, JsonObject? found, CancellationToken cancellation)
    {
        var seed = RandomNumberGenerator.GetBytes(SigningKey.SeedLength);
        var data = new JsonObject { [KeyEntry] = Convert.ToBase64String(Encoding.UTF8.GetBytes(PrivateKeyPem.Write(seed))) };
        if (found is null)
        {
            await client.CreateAsync(AuditKinds.Secrets, secret.Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = secret.Name }, ["type"] = "Opaque", ["data"] = data }, cancellation);
        }
        else
        {
            // Whoever writes one first has made it; the other looks again.
            var version = found["metadata"]!["resourceVersion"]!.GetValue<string>();
            await client.MergePatchAsync(AuditKinds.Secrets, secret, new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = version }, ["data"] = data }, cancellation, fieldManager: Names.FieldManager);
        }

        var key = new SigningKey(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }
}
