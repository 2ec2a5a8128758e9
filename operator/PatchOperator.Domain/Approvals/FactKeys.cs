using System.Globalization;

namespace PatchOperator.Domain.Approvals;

/// <summary>One secret of the seal.</summary>
public sealed class FactKey(string id, DateTimeOffset since, byte[] secret)
{
    public string Id { get; } = id;

    public DateTimeOffset Since { get; } = since;

    internal ReadOnlySpan<byte> Secret => secret;

    internal string Format() => string.Create(CultureInfo.InvariantCulture, $"{Id} {Since.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ} {Convert.ToBase64String(secret)}");

    // Nothing that prints an object may print this one.
    public override string ToString() => $"key {Id}";
}

/// <summary>The secrets that facts are sealed with, newest last. Older ones stay for a while: an approval outlives the key that sealed it.</summary>
public sealed class FactKeys
{
    public static readonly FactKeys None = new([]);

    /// <summary>When the newest key gets a successor.</summary>
    public static readonly TimeSpan RenewAfter = TimeSpan.FromDays(90);

    /// <summary>A replica that has not read the new key yet must still be believed, and this one by it.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromMinutes(5);

    private const int Length = 32;
    private const int Kept = 5;

    private readonly IReadOnlyList<FactKey> keys;

    private FactKeys(IReadOnlyList<FactKey> keys) => this.keys = keys;

    public bool Any => keys.Count > 0;

    /// <summary>The key to seal with: the newest that every replica has had time to read.</summary>
    public FactKey? Signing(DateTimeOffset now) => keys.LastOrDefault(k => k.Since + Settle <= now) ?? (keys.Count > 0 ? keys[0] : null);

    public FactKey? Find(string id) => keys.FirstOrDefault(k => k.Id == id);

    public FactKeys Renewed(DateTimeOffset now, Func<int, byte[]> random)
    {
        if (keys is [.., var newest] && newest.Since + RenewAfter > now)
        {
            return this;
        }

        var made = new FactKey(Convert.ToHexStringLower(random(4)), now, random(Length));
        return new FactKeys([.. keys.Append(made).TakeLast(Kept)]);
    }

    /// <summary>One line a key: id, since when, secret in base64. A line that is none is left out.</summary>
    public static FactKeys Parse(string text)
    {
        var read = new List<FactKey>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split(' ') is [var id, var since, var secret]
                && DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                && Secret(secret) is { } bytes)
            {
                read.Add(new FactKey(id, at.ToUniversalTime(), bytes));
            }
        }

        return read.Count == 0 ? None : new FactKeys(read);
    }

    public string Format() => string.Join('\n', keys.Select(k => k.Format()));

    private static byte[]? Secret(string text)
    {
        var bytes = new byte[Length];
        return Convert.TryFromBase64String(text, bytes, out var written) && written == Length ? bytes : null;
    }
}
