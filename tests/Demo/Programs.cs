using PatchOperator.TestKit.Crds;

namespace PatchOperator.Demo;

/// <summary>The programs that the demo starts; they are built together with it.</summary>
internal static class Programs
{
    // This program is in tests/Demo/bin/CONFIGURATION/FRAMEWORK, and so are the others in their folders.
    private static readonly DirectoryInfo Framework = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Operator => Built("operator/PatchOperator", "patch-operator.dll");

    public static string Storefront => Built("tests/Storefront", "storefront.dll");

    private static string Built(string project, string file)
    {
        var path = Path.Combine(CrdSchemas.RepositoryRoot, project, "bin", Framework.Parent!.Name, Framework.Name, file);
        return File.Exists(path) ? path : throw new DemoException($"{path} is not there. Start the demo with `make demo`, which builds it.");
    }
}
