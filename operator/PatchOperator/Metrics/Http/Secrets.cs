using System.Collections.Concurrent;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Runtime;

namespace PatchOperator.Metrics.Http;

/// <summary>Asks the API server; null if there is no such Secret.</summary>
internal delegate Task<SecretResource?> FindSecret(ObjectKey key, CancellationToken cancellation);

/// <summary>
/// Secrets by name, read again after <see cref="Freshness"/>, so that a rotation is noticed. While the API server does not answer, the last
/// known one is used on; a Secret that is gone or forbidden is not.
/// </summary>
internal sealed class Secrets(FindSecret find, TimeProvider time)
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(15);

    /// <summary>Nobody's credentials are kept for longer than they are used.</summary>
    private static readonly TimeSpan LongestKept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<ObjectKey, (SecretResource Secret, DateTimeOffset ReadAt)> known = new();

    /// <param name="key">Namespace and name.</param>
    /// <param name="fresh">Do not use what is known: the server refused it.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="AccessProblemException">There is none that may be read.</exception>
    public async Task<SecretResource> GetAsync(ObjectKey key, bool fresh, CancellationToken cancellation)
    {
        Forget();
        var hit = known.TryGetValue(key, out var entry);
        if (hit && !fresh && time.GetUtcNow() - entry.ReadAt < Freshness)
        {
            return entry.Secret;
        }

        try
        {
            if (await find(key, cancellation) is not { } secret)
            {
                known.TryRemove(key, out _);
                throw new AccessProblemException($"Secret {key.Name} does not exist in namespace {key.Namespace}; create it, or correct its name", terminal: true);
            }

            known[key] = (secret, time.GetUtcNow());
            return secret;
        }
        catch (ClusterException exception) when (exception.Kind is ApiErrorKind.Forbidden)
        {
            known.TryRemove(key, out _);
            throw new AccessProblemException(
                $"the operator may not read Secret {key.Name} in namespace {key.Namespace}; add it to the chart's value credentials, or grant get on it", terminal: true);
        }
        catch (ClusterException exception)
        {
            return hit ? entry.Secret : throw new AccessProblemException($"Secret {key.Name} could not be read ({exception.Kind})", terminal: false);
        }
    }

    /// <summary>One value of a Secret, as text.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<string> TextAsync(ObjectKey key, string member, bool fresh, CancellationToken cancellation)
    {
        var secret = await GetAsync(key, fresh, cancellation);
        if (secret.Text(member) is { Length: > 0 } value)
        {
            return value;
        }

        var found = secret.Data is { Count: > 0 } data ? string.Join(", ", data.Keys.Order(StringComparer.Ordinal)) : "none";
        throw new AccessProblemException($"Secret {key.Name} in namespace {key.Namespace} has no text under the key {member} (its keys: {found})", terminal: true);
    }

    private void Forget()
    {
        foreach (var (key, entry) in known)
        {
            if (time.GetUtcNow() - entry.ReadAt > LongestKept)
            {
                known.TryRemove(KeyValuePair.Create(key, entry));
            }
        }
    }
}
