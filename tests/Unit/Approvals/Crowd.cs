using System.Text.Json;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Admission;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Approvals;
using PatchOperator.Domain.Rollout;
using PatchOperator.Tests.Unit.Rollout;
using Xunit;

namespace PatchOperator.Tests.Unit.Approvals;

/// <summary>People around a story, whose every write goes through the webhook's own rules.</summary>
internal sealed class Crowd
{
    public static readonly AuthenticatedUser Dana = new("dana@example.com", "uid-dana", ["developers"]);
    public static readonly AuthenticatedUser Alice = new("alice@example.com", "uid-alice", ["security-leads"]);
    public static readonly AuthenticatedUser Bob = new("bob@example.com", "uid-bob", ["security-leads", "payments"]);
    public static readonly AuthenticatedUser Carol = new("carol@example.com", "uid-carol", ["payments"]);

    private int asked;

    /// <param name="approval">spec.approval.</param>
    /// <param name="change">Other changes of the spec.</param>
    /// <param name="creator">Null: created while no webhook could be reached.</param>
    public Crowd(ApprovalSpec? approval = null, Func<EmergencyPatchSpec, EmergencyPatchSpec>? change = null, AuthenticatedUser? creator = null, bool stamped = true)
    {
        Story.Keys = FactKeys.None.Renewed(Story.Now.AddDays(-1), Noise);
        Story.Policy = new OperatorPolicy { Validation = Story.Policy.Validation with { Authenticates = true } };
        var spec = Story.Patch.Spec with { Approval = approval };
        Story.Patch = Story.Patch with { Spec = change?.Invoke(spec) ?? spec, Metadata = Story.Patch.Metadata with { CreationTimestamp = Story.Now } };
        if (stamped)
        {
            Write(creator ?? Dana, null, Json());
        }
    }

    public Story Story { get; } = new();

    /// <summary>Verbs that everybody has; null for an API server that cannot be asked.</summary>
    public Dictionary<string, bool?> Rights { get; } = new(StringComparer.Ordinal) { [Verbs.Approve] = true, [Verbs.Abort] = true, [Verbs.BreakGlass] = true };

    public Condition Condition(string type) => Story.Condition(type);

    /// <summary>Gives a command; what the webhook makes of it is stored, and what it refuses is handed on as the operator does.</summary>
    public MutationDecision Say(AuthenticatedUser user, string command, string reason = "CHG-20871") => Annotate(user, Annotations.CommandPrefix + command, reason);

    public MutationDecision Annotate(AuthenticatedUser user, string annotation, string? value)
    {
        var (before, after) = (Json(), Json());
        var annotations = after["metadata"]!["annotations"] as JsonObject ?? [];
        annotations.Remove(annotation);
        if (value is not null)
        {
            annotations[annotation] = value;
        }

        after["metadata"]!["annotations"] = annotations.Parent is null ? annotations : annotations.DeepClone();
        return Write(user, before, after);
    }

    public void Say(AuthenticatedUser user, string command, bool isAllowed) => Assert.Equal(isAllowed, Say(user, command).Decision.Refusal is null);

    public MutationDecision Edit(AuthenticatedUser user, Func<EmergencyPatchSpec, EmergencyPatchSpec> change)
    {
        var before = Json();
        Story.Edit(change);
        return Write(user, before, Json());
    }

    /// <summary>As long as nothing wakes the operator for something else.</summary>
    public void Settle() => Story.RunFor(TimeSpan.FromSeconds(5));

    public void Accept() => Story.RunUntil(PatchPhase.AwaitingApproval, TimeSpan.FromMinutes(1));

    public IEnumerable<(string Action, string Actor)> Trail => Story.Trail.Select(r => (r.Action, r.Actor));

    private MutationDecision Write(AuthenticatedUser user, JsonObject? before, JsonObject after)
    {
        var request = new AdmissionRequest
        {
            Id = $"request-{++asked}",
            Resource = Names.EmergencyPatchPlural,
            Namespace = "shop",
            Name = Story.Patch.Metadata.Name,
            IsCreate = before is null,
            User = user,
            Object = after,
            OldObject = before,
        };
        var rights = MutationDesk.Questions(request).ToDictionary(verb => verb, verb => Rights.GetValueOrDefault(verb, false), StringComparer.Ordinal);
        var decided = MutationDesk.Decide(request, rights, Story.Keys, Story.Now);
        if (decided.Decision.Refusal is null)
        {
            foreach (var (name, value) in decided.Annotations.Where(a => Annotations.IsFact(a.Key)))
            {
                Set(name, value);
            }

            foreach (var (name, value) in AnnotationsOf(after).Where(a => Commands.All.Contains(a.Key[(a.Key.IndexOf('/') + 1)..]) && !decided.Annotations.ContainsKey(a.Key)))
            {
                Story.Command(name[Annotations.CommandPrefix.Length..], value);
            }
        }

        foreach (var denied in decided.Denied)
        {
            Set(Annotations.FactPrefix + denied.Id, FactSeal.Write(denied));
        }

        return decided;
    }

    private void Set(string name, string? value)
    {
        if (value is null)
        {
            Story.Facts.Remove(name);
        }
        else
        {
            Story.Facts[name] = value;
        }
    }

    private JsonObject Json()
    {
        var json = JsonSerializer.SerializeToNode(Story.Patch, DomainJson.Default.EmergencyPatch)!.AsObject();
        json["metadata"]!["annotations"] = new JsonObject(Story.Facts.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value)));
        return json;
    }

    private static Dictionary<string, string> AnnotationsOf(JsonObject json) => json["metadata"]!["annotations"]!.AsObject().ToDictionary(a => a.Key, a => a.Value!.GetValue<string>());

    private static byte[] Noise(int length) => [.. Enumerable.Range(7, length).Select(i => (byte)(i * 37))];
}
