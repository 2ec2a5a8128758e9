using System.Text.Json.Nodes;

namespace PatchOperator.TestKit.ApiServer;

/// <summary>All that the server knows of one kind in one version.</summary>
internal sealed record ResourceKind
{
    public required ResourceName Resource { get; init; }

    public required string Kind { get; init; }

    public required string Singular { get; init; }

    public bool Namespaced { get; init; } = true;

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public bool HasStatus { get; init; }

    public bool HasScale { get; init; }

    /// <summary>Served from a CustomResourceDefinition in a real cluster: no strategic merge, generation counts every field but metadata and status.</summary>
    public bool IsCustom { get; init; }

    /// <summary>Answered, never stored (SubjectAccessReview).</summary>
    public bool IsReview { get; init; }

    public TypeHint Hints { get; init; } = BuiltInHints.Plain;

    public SchemaNode? Schema { get; init; }

    public IReadOnlyList<PrinterColumn>? Columns { get; init; }

    /// <summary>Fills in what the real server would, see <see cref="BuiltInDefaults"/>.</summary>
    public Action<JsonObject>? Defaults { get; init; }

    public string ApiVersion => Resource.Group.Length == 0 ? Resource.Version : $"{Resource.Group}/{Resource.Version}";

    public string ListKind => Kind + "List";

    /// <summary>As in messages: <c>deployments.apps</c>.</summary>
    public string QualifiedPlural => Resource.Group.Length == 0 ? Resource.Plural : $"{Resource.Plural}.{Resource.Group}";

    public string QualifiedKind => Resource.Group.Length == 0 ? Kind : $"{Kind}.{Resource.Group}";
}
