namespace PatchOperator.Demo.Worlds;

/// <summary>A cluster with CRDs, a running shop and a running operator. Disposing leaves nothing of it behind.</summary>
internal interface IWorld : IAsyncDisposable
{
    string Kubeconfig { get; }

    string Namespace { get; }

    ShopImages Images { get; }

    ClusterApi Api { get; }

    /// <summary>Where shoppers go.</summary>
    Uri Shop { get; }

    /// <summary>A ClusterIP chooses a pod per connection, so shoppers must not keep theirs.</summary>
    bool BalancesByConnection { get; }

    /// <summary>Who approves where people are authenticated: whoever applies a patch may not approve it. Null where nobody is.</summary>
    string? Approver { get; }

    /// <summary>Null where the cluster has an operator of its own.</summary>
    OperatorProcess? Operator { get; }
}
