using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>The server side of <c>kubectl get</c>: objects as rows.</summary>
internal sealed class TablePrinter(ResourceKind kind, string version, string includeObject, TimeProvider time)
{
    private readonly IReadOnlyList<PrinterColumn> _columns = BuiltInColumns.For(kind);
    private bool _headerSent;

    /// <summary>In a watch only the first table has column definitions.</summary>
    public JsonObject Print(IEnumerable<JsonObject> objects, JsonObject metadata)
    {
        var table = new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = $"meta.k8s.io/{version}",
            ["metadata"] = metadata,
            ["columnDefinitions"] = _headerSent ? [] : new JsonArray([.. _columns.Select(c => c.ToDefinition())]),
            ["rows"] = new JsonArray([.. objects.Select(Row)]),
        };
        _headerSent = true;
        return table;
    }

    private JsonObject Row(JsonObject obj)
    {
        var now = time.GetUtcNow();
        var row = new JsonObject { ["cells"] = new JsonArray([.. _columns.Select(c => c.Cell(obj, now))]) };
        if (includeObject == "Object")
        {
            row["object"] = obj.DeepClone();
        }
        else if (includeObject != "None")
        {
            row["object"] = new JsonObject
            {
                ["kind"] = "PartialObjectMetadata",
                ["apiVersion"] = $"meta.k8s.io/{version}",
                ["metadata"] = obj["metadata"]?.DeepClone(),
            };
        }

        return row;
    }
}
