namespace PatchOperator.Demo.Worlds;

internal static class ClusterWorld
{
    public static Task<IWorld> StartAsync(Settings settings, Action<string> progress, CancellationToken cancellation) => throw new DemoException("later");
}
