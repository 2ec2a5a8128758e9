using Xunit;

namespace PatchOperator.Tests.E2E.Attacks;

/// <summary>All attacks share one shop; the webhooks are cut for all of the cluster, so nothing runs beside them.</summary>
[CollectionDefinition(Name)]
public sealed class BesiegedCollection : ICollectionFixture<BesiegedShop>
{
    public const string Name = "A besieged shop of a real cluster";
}
