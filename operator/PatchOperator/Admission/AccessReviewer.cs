using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Runtime;

namespace PatchOperator.Admission;

/// <summary>Asks the cluster's own authorisation what the authenticated user may do (LocalSubjectAccessReview: a Role is enough to ask).</summary>
internal sealed class AccessReviewer(ClusterClient client, ILogger<AccessReviewer> logger)
{
    private static readonly ResourceType Reviews = new("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview");

    // The API server gives up on us after five seconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <returns>Null where no answer could be had.</returns>
    public async Task<bool?> MayAsync(ReviewUser user, string verb, string ns, string name, CancellationToken cancellation)
    {
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["namespace"] = ns },
            ["spec"] = new JsonObject
            {
                ["user"] = user.Username,
                ["uid"] = user.Uid,
                ["groups"] = new JsonArray([.. (user.Groups ?? []).Select(g => (JsonNode)g)]),
                ["extra"] = user.Extra?.DeepClone(),
                ["resourceAttributes"] = new JsonObject
                {
                    ["group"] = Names.Group,
                    ["resource"] = Names.EmergencyPatchPlural,
                    ["verb"] = verb,
                    ["namespace"] = ns,
                    ["name"] = name,
                },
            },
        };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(Limit);
        try
        {
            var answer = await client.CreateAsync(Reviews, ns, body, deadline.Token);
            return answer["status"]?["allowed"]?.GetValue<bool>() ?? false;
        }
        catch (Exception exception) when (exception is ClusterException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            logger.LogWarning("Whether {User} may {Verb} in {Namespace} could not be asked: {Problem}", user.Username, verb, ns, exception.Message);
            return null;
        }
    }
}
