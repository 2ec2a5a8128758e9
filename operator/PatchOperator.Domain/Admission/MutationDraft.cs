using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout;

namespace PatchOperator.Domain.Admission;

/// <summary>One decision while it is being made.</summary>
internal sealed class MutationDraft
{
    public static readonly AdmissionRefusal NoKey = new(503, "ServiceUnavailable", "The operator has not read the key yet that recorded facts are sealed with; try again in a moment.");

    private const int LongestDenial = 512;
    private const int MostGroups = 32;
    private const int LongestGroup = 256;

    private readonly Dictionary<string, string?> changes = new(StringComparer.Ordinal);
    private readonly List<RecordedFact> denied = [];
    private readonly List<string> warnings = [];
    private readonly FactKeys keys;
    private readonly DateTimeOffset now;

    public MutationDraft(AdmissionRequest request, FactKeys keys, DateTimeOffset now)
    {
        (Request, this.keys, this.now) = (request, keys, now);
        (Before, After) = (AnnotationMap.Of(request.OldObject), AnnotationMap.Of(request.Object));
        Patch = Read(request.OldObject, DomainJson.Default.EmergencyPatch);
        Spec = Read(request.Object["spec"] as JsonObject, DomainJson.Default.EmergencyPatchSpec);
        Digest = Spec is null ? null : SpecDigest.Of(Spec);
        DigestBefore = Patch is null ? null : SpecDigest.Of(Patch.Spec);
        Authors = [.. Patch is null ? [] : Authorship.Proven(Patch, keys), .. Digest is { } digest && digest != DigestBefore ? [Self(digest)] : (AuthorStatus[])[]];
    }

    public AdmissionRequest Request { get; }

    public string Subject => $"EmergencyPatch {Request.Namespace}/{Request.Name}";

    public Dictionary<string, string> Before { get; }

    public Dictionary<string, string> After { get; }

    /// <summary>As it is stored; null on creation, or when it cannot be read.</summary>
    public EmergencyPatch? Patch { get; }

    /// <summary>As it is to be.</summary>
    public EmergencyPatchSpec? Spec { get; }

    public string? Digest { get; }

    public string? DigestBefore { get; }

    /// <summary>Who asked for it, with this very write.</summary>
    public IReadOnlyList<AuthorStatus> Authors { get; }

    /// <summary>What this write changes of the spec that no approval is bound to, in words; null for nothing.</summary>
    public string? Amended
    {
        get
        {
            if (Patch is null || Spec is null)
            {
                return null;
            }

            var (before, now) = (Patch.Spec.Suspend ?? false, Spec.Suspend ?? false);
            string[] changes = [.. RatingChange.Changes(RatingChange.Of(Patch.Spec), RatingChange.Of(Spec)), .. before != now ? [now ? "suspend became true" : "suspend became false"] : (string[])[]];
            return changes.Length > 0 ? Cut(string.Join(", ", changes)) : null;
        }
    }

    /// <summary>Whether the finalizer is to be put back.</summary>
    public bool KeepsFinalizer { get; set; }

    public bool CanSeal => keys.Any;

    public AdmissionRefusal? Refusal { get; private set; }

    /// <summary>Facts that this write adds.</summary>
    public int Facts { get; private set; }

    /// <summary>Facts that the operator has not taken in yet.</summary>
    public int Waiting => Before.Keys.Count(Annotations.IsFact);

    public void Set(string annotation, string? value) => changes[annotation] = value;

    public void Warn(string warning) => warnings.Add(warning);

    public void Refuse(AdmissionRefusal refusal) => Refusal ??= refusal;

    /// <summary>Refuses, and leaves a record of the attempt with the patch.</summary>
    public void Deny(string command, string reason, string why)
    {
        Refuse(new AdmissionRefusal(403, "Forbidden", why));
        if (Patch is not null && CanSeal && !Request.IsDryRun)
        {
            denied.Add(Sealed(Fact(command) with { Denied = Cut(why), Reason = Cut(reason) }));
        }
    }

    /// <summary>Unsealed, with all that is known of who, when and on what.</summary>
    public RecordedFact Fact(string command)
    {
        var (groups, omitted) = Persons.Relevant([.. Request.User.Groups.Where(g => g.Length <= LongestGroup)], Spec ?? new EmergencyPatchSpec(), MostGroups);
        omitted += Request.User.Groups.Count(g => g.Length > LongestGroup);
        return new RecordedFact
        {
            Actor = Request.User.Username,
            ActorUid = Request.User.Uid,
            At = now,
            Command = command,
            Groups = groups.Count > 0 ? groups : null,
            GroupsOmitted = omitted > 0 ? omitted : null,
            Id = $"{Request.Id}-{Facts + denied.Count}",
            Key = "",
            Name = Request.Name,
            Namespace = Request.Namespace,
            PatchUid = Patch?.Metadata.Uid,
            Seal = "",
            SpecDigest = Digest ?? "",
        };
    }

    public void Record(RecordedFact fact)
    {
        Facts++;

        // A dry run shows its result to whoever asks: a sealed fact in it could be kept, and written at another time.
        if (!Request.IsDryRun)
        {
            Set(Annotations.FactPrefix + fact.Id, FactSeal.Write(Sealed(fact)));
        }
    }

    public MutationDecision ToDecision() => Refusal is null
        ? new MutationDecision { Decision = new AdmissionDecision { Warnings = warnings }, Annotations = changes, KeepsFinalizer = KeepsFinalizer }
        : new MutationDecision { Decision = new AdmissionDecision { Refusal = Refusal }, Denied = denied };

    private static T? Read<T>(JsonObject? json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return json?.Deserialize(type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Cut(string text) => text.Length <= LongestDenial ? text : text[..(LongestDenial - 1)] + "…";

    private RecordedFact Sealed(RecordedFact fact) => FactSeal.Sealed(fact, keys.Signing(now)!);

    private AuthorStatus Self(string digest) => new() { By = Request.User.Username, Uid = Request.User.Uid, At = now, SpecDigest = digest, Fact = "" };
}
