using System.Text.Json.Nodes;

namespace PatchOperator.Patches;

internal static class JsonChildren
{
    /// <summary>The member, which is made if there is none.</summary>
    public static JsonObject Child(this JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }
}
