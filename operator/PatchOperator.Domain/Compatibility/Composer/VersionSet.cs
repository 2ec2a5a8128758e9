namespace PatchOperator.Domain.Compatibility.Composer;

/// <summary>All versions that a constraint takes: intervals of numbers, and branches by name.</summary>
internal sealed class VersionSet
{
    private static readonly Edge Start = new(VersionOrder.Parts("0.0.0.0-dev"), IsStart: true, IsInclusive: true);
    private static readonly Edge End = new([long.MaxValue, 0, 0, 0], IsStart: false, IsInclusive: false);
    private static readonly VersionSet Everything = new([Start, End], [], true);

    // Starts and ends take turns, in order.
    private readonly IReadOnlyList<Edge> _edges;

    private readonly HashSet<string> _branches;

    // Whether the branches named are those left out, or those taken in.
    private readonly bool _isAllBranchesBut;

    private VersionSet(IReadOnlyList<Edge> edges, HashSet<string> branches, bool isAllBranchesBut)
    {
        _edges = edges;
        _branches = branches;
        _isAllBranchesBut = isAllBranchesBut;
    }

    /// <summary>Not empty, as far as one can tell without knowing the versions: there is always one more between two different ones.</summary>
    public bool IsInhabited => _edges.Count > 0 || _isAllBranchesBut || _branches.Count > 0;

    public static VersionSet Of(ConstraintTerm[][] alternatives) => Union([.. alternatives.Select(terms => Intersection([.. terms.Select(Of)]))]);

    public VersionSet Intersect(VersionSet other) => Intersection([this, other]);

    private static VersionSet Of(ConstraintTerm term) => (term.IsBranch, term.Comparison) switch
    {
        (_, Comparison.Any) => Everything,
        (true, Comparison.Equal) => new([], [term.Version], false),
        (true, Comparison.NotEqual) => new([Start, End], [term.Version], true),
        (true, _) => new([], [], false),
        (false, Comparison.Equal) => new([new Edge(term.Parts, true, true), new Edge(term.Parts, false, true)], [], false),
        (false, Comparison.NotEqual) => new([Start, new Edge(term.Parts, false, false), new Edge(term.Parts, true, false), End], [], true),
        (false, Comparison.Less) => new([Start, new Edge(term.Parts, false, false)], [], false),
        (false, Comparison.LessOrEqual) => new([Start, new Edge(term.Parts, false, true)], [], false),
        (false, Comparison.Greater) => new([new Edge(term.Parts, true, false), End], [], false),
        (false, Comparison.GreaterOrEqual) => new([new Edge(term.Parts, true, true), End], [], false),
    };

    private static VersionSet Union(IReadOnlyList<VersionSet> sets) => sets.Count == 1 ? sets[0] : sets.Skip(1).Aggregate(sets[0], (left, right) =>
        (left._isAllBranchesBut, right._isAllBranchesBut) switch
        {
            (true, true) => new(left._edges, [.. left._branches.Intersect(right._branches)], true),
            (true, false) => new(left._edges, [.. left._branches.Except(right._branches)], true),
            (false, true) => new(left._edges, [.. right._branches.Except(left._branches)], true),
            (false, false) => new(left._edges, [.. left._branches.Union(right._branches)], false),
        }).With(Sweep(sets, 1));

    private static VersionSet Intersection(IReadOnlyList<VersionSet> sets) => sets.Count == 1 ? sets[0] : sets.Skip(1).Aggregate(sets[0], (left, right) =>
        (left._isAllBranchesBut, right._isAllBranchesBut) switch
        {
            (true, true) => new(left._edges, [.. left._branches.Union(right._branches)], true),
            (true, false) => new(left._edges, [.. right._branches.Except(left._branches)], false),
            (false, true) => new(left._edges, [.. left._branches.Except(right._branches)], false),
            (false, false) => new(left._edges, [.. left._branches.Intersect(right._branches)], false),
        }).With(Sweep(sets, sets.Count));

    // From the lowest edge to the highest, counting how many sets cover the place.
    private static List<Edge> Sweep(IReadOnlyList<VersionSet> sets, int needed)
    {
        var edges = sets.SelectMany(set => set._edges).Order(Edge.InOrder);
        var result = new List<Edge>();
        var covering = 0;
        Edge? open = null;
        foreach (var edge in edges)
        {
            covering += edge.IsStart ? 1 : -1;
            if (open is null && covering >= needed)
            {
                open = edge;
            }
            else if (open is not null && covering < needed)
            {
                var isPoint = VersionOrder.Compare(open.Parts, edge.Parts) == 0;
                if (!isPoint || open.IsInclusive == edge.IsInclusive)
                {
                    result.AddRange([open, edge]);
                }

                open = null;
            }
        }

        return result;
    }

    private VersionSet With(IReadOnlyList<Edge> edges) => new(edges, _branches, _isAllBranchesBut);

    private sealed record Edge(long[] Parts, bool IsStart, bool IsInclusive)
    {
        public static readonly IComparer<Edge> InOrder = Comparer<Edge>.Create((left, right) =>
            VersionOrder.Compare(left.Parts, right.Parts) is not 0 and var order ? order : left.Place.CompareTo(right.Place));

        // At one version: what begins with it, what ends before it, what begins behind it, what ends with it.
        private int Place => (IsStart, IsInclusive) switch
        {
            (true, true) => 0,
            (false, false) => 1,
            (true, false) => 2,
            (false, true) => 3,
        };
    }
}
