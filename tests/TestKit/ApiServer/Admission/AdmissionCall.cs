using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>One write for which webhooks are asked.</summary>
internal sealed record AdmissionCall(ResourceKind Kind, string Operation, RequestTarget Target, ClusterUser User, bool DryRun)
{
    /// <summary>For the client, as <c>Warning</c> headers.</summary>
    public List<string> Warnings { get; } = [];

    public JsonObject Review(JsonObject obj, JsonObject? old) => new()
    {
        ["apiVersion"] = "admission.k8s.io/v1",
        ["kind"] = "AdmissionReview",
        ["request"] = new JsonObject
        {
            ["uid"] = Guid.NewGuid().ToString(),
            ["kind"] = new JsonObject { ["group"] = Kind.Resource.Group, ["version"] = Kind.Resource.Version, ["kind"] = Kind.Kind },
            ["resource"] = new JsonObject { ["group"] = Kind.Resource.Group, ["version"] = Kind.Resource.Version, ["resource"] = Kind.Resource.Plural },
            ["subResource"] = Target.Subresource.Length > 0 ? Target.Subresource : null,
            ["name"] = obj.Name(),
            ["namespace"] = Target.Namespace,
            ["operation"] = Operation,
            ["userInfo"] = User.ToJson(),
            ["object"] = obj.Copy(),
            ["oldObject"] = old?.Copy(),
            ["dryRun"] = DryRun,
            ["options"] = new JsonObject(),
        },
    };
}
