using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.Controllers;

internal static class Conditions
{
    public static JsonObject? Find(JsonNode? status, string type) => status.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);

    public static bool IsTrue(JsonNode? status, string type) => Find(status, type).Text("status") == "True";

    /// <summary>Puts a condition in place; its transition time moves only when its status flips.</summary>
    public static void Put(JsonObject status, JsonObject condition, DateTimeOffset now)
    {
        var type = condition.Text("type");
        var current = Find(status, type!);
        condition["lastTransitionTime"] = current.Text("status") == condition.Text("status")
            ? current.Text("lastTransitionTime") ?? Json.Timestamp(now)
            : Json.Timestamp(now);

        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        if (current is null)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[conditions.IndexOf(current)] = condition;
        }
    }
}
