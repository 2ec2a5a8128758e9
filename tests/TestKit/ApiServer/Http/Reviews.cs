using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>Access and token reviews: answered from a callback, stored nowhere.</summary>
internal static class Reviews
{
    public static ApiResponse Answer(JsonObject review, Func<JsonObject, bool> authorize)
    {
        var allowed = authorize(review["spec"] as JsonObject ?? []);
        review["status"] = review.Text("kind") == "TokenReview"
            ? new JsonObject { ["authenticated"] = allowed, ["user"] = new JsonObject { ["username"] = "test" } }
            : new JsonObject { ["allowed"] = allowed, ["reason"] = allowed ? "allowed by the test" : "denied by the test" };
        return ApiResponse.Json(review, 201);
    }
}
