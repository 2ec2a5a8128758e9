using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using PatchOperator.Domain.Api.Meta;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Compatibility.Inventories;
using PatchOperator.Domain.Compatibility.Matrix;

namespace PatchOperator.Benchmarks;

/// <summary>What it costs to read a lock, to compile rules, to evaluate one patch, and to follow the edit of one rule.</summary>
internal static class MatrixBenchmark
{
    private const double BudgetMilliseconds = 50;
    private const int Batches = 15;
    private const double BatchMilliseconds = 60;
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static void Run(Arguments arguments)
    {
        var (objects, packages) = (arguments.Number("objects", 2000), arguments.Number("packages", 600));
        var text = arguments.Text("lock", "") is { Length: > 0 } file ? File.ReadAllBytes(file) : Encoding.UTF8.GetBytes(Lock(packages));
        var inventory = InventoryReader.Read(text).Inventory ?? throw new ArgumentException("--lock is no inventory");
        var modules = Enumerable.Range(0, objects).Select(index => Module(index, packages)).ToList();
        var book = RuleBook.From(modules);
        var inputs = new MatrixInputs
        {
            Patched = inventory,
            TargetVersions = new Dictionary<string, string> { ["magento/product-community-edition"] = "2.4.7-p6", ["magento/framework"] = "103.0.7-p6" },
            Advisories = ["APSB25-88", "CVE-2025-54236"],
        };
        var edited = modules[objects / 2] with { Spec = modules[objects / 2].Spec with { Rules = [new CompatibilityRule { Versions = "*", Verdict = "Compatible" }] } };

        var first = Stopwatch.StartNew();
        var matrix = CompatibilityEvaluator.Evaluate(book, inputs, Now);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{objects} objects, lock of {inventory.Packages.Count} packages and {text.Length / 1024} KiB: {matrix.Rows.Count} rows, {matrix.Conflicts.Count} conflicts; the first evaluation took {first.Elapsed.TotalMilliseconds:0.0} ms with its compilation"));
        Console.WriteLine($"{"case",-46} {"CPU ms",8} {"KiB",8}   budget {BudgetMilliseconds} ms");
        Measure("evaluate", () => CompatibilityEvaluator.Evaluate(book, inputs, Now));
        Measure("evaluate, with stable's inventory to compare", () => CompatibilityEvaluator.Evaluate(book, inputs with { Stable = inventory }, Now));
        Measure("follow one edited rule", () => book.Update(edited));
        Measure("ask 1,000 patches whether they meet a module", () => Enumerable.Range(0, 1000).Count(_ => inputs.Mentions("acme/module-none")));
        Measure("compile all objects (once, at the start)", () => RuleBook.From(modules), isBudgeted: false);
        Measure("read the lock (once an image)", () => InventoryReader.Read(text), isBudgeted: false);
    }

    private static void Measure(string name, Func<object> run, bool isBudgeted = true)
    {
        var warm = Stopwatch.StartNew();
        while (warm.Elapsed < TimeSpan.FromSeconds(1.5))
        {
            run();
        }

        // The kernel counts in ticks of some milliseconds, so one run is too short to be seen.
        var perBatch = 1;
        while (Cpu(run, perBatch) < BatchMilliseconds)
        {
            perBatch *= 2;
        }

        var milliseconds = Statistics.Median(Enumerable.Range(0, Batches).Select(_ => Cpu(run, perBatch) / perBatch));
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        var verdict = !isBudgeted ? "-" : milliseconds < BudgetMilliseconds ? "within" : "OVER";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-46} {milliseconds,8:0.000} {bytes / 1024,8}   {verdict}"));
    }

    // The first number is the nanoseconds that this thread has had a core.
    private static double Cpu(Func<object> run, int count)
    {
        var before = Nanoseconds();
        for (var i = 0; i < count; i++)
        {
            run();
        }

        return (Nanoseconds() - before) / 1e6;
    }

    private static long Nanoseconds() => long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Half of the objects are about packages of the lock; each has three rules, of which the last matches.</summary>
    private static ModuleCompatibility Module(int index, int packages) => new()
    {
        Metadata = new ObjectMeta { Name = $"module-{index}", Namespace = "shop" },
        Spec = new ModuleCompatibilitySpec
        {
            Module = new ModuleReference { Name = index % 2 == 0 ? Name(index / 2 % packages) : $"elsewhere/module-{index}", Type = "ComposerPackage" },
            Owner = new ModuleOwner { Team = "payments" },
            Rules =
            [
                new CompatibilityRule { Versions = "^1.0 || ~2.1.0", With = new Dictionary<string, string> { ["magento/product-community-edition"] = ">=2.4.7-p6 <2.4.9" }, Patches = ["APSB25-88"], Verdict = "Incompatible", Reason = $"found in test {index}" },
                new CompatibilityRule { Versions = ">=2.2 <2.3", With = new Dictionary<string, string> { ["magento/framework"] = "^103.0.6", ["magento/module-1"] = "100.*" }, Verdict = "Conditional", Reason = "clean the cache" },
                new CompatibilityRule { Versions = "^2.3 || ^100", Verdict = "Compatible" },
            ],
        },
    };

    private static string Name(int index) => index % 6 == 5 ? $"acme/module-{index}" : $"magento/module-{index}";

    /// <summary>As a real one: most packages are Magento's own, each requires about ten others.</summary>
    private static string Lock(int packages)
    {
        var list = new JsonArray();
        void Add(string name, string version, string type, IEnumerable<(string Name, string Constraint)> requires) => list.Add((JsonNode)new JsonObject
        {
            ["name"] = name,
            ["version"] = version,
            ["dist"] = new JsonObject { ["type"] = "zip", ["url"] = $"https://repo.example.com/archives/{name}/{version}.zip", ["shasum"] = "1fa1bb8b9a1d0f2f3d4c5b6a798897a6b5c4d3e2" },
            ["require"] = new JsonObject(requires.Select(each => KeyValuePair.Create(each.Name, (JsonNode?)each.Constraint))),
            ["type"] = type,
            ["autoload"] = new JsonObject { ["files"] = new JsonArray("registration.php"), ["psr-4"] = new JsonObject { [$"Vendor\\{name.Split('/')[1].Replace("-", "", StringComparison.Ordinal)}\\"] = "" } },
            ["license"] = new JsonArray("OSL-3.0", "AFL-3.0"),
            ["description"] = "N/A",
        });
        Add("magento/product-community-edition", "2.4.7-p5", "metapackage", Enumerable.Range(0, packages).Where(index => index % 6 != 5).Select(index => (Name(index), "100.4.7-p5")).Append(("magento/framework", "103.0.7-p5")));
        Add("magento/framework", "103.0.7-p5", "magento2-library", [("php", "~8.2.0||~8.3.0"), ("ext-curl", "*")]);
        for (var index = 0; index < packages - 2; index++)
        {
            var own = index % 6 != 5;
            Add(Name(index), own ? "100.4.7-p5" : "2.3.1", "magento2-module", Enumerable.Range(1, 9).Select(step => (Name(index + (step * 6) - index % 6 < packages - 2 ? index + (step * 6) - index % 6 : step * 6), own ? "100.4.*" : "^100.4")).DistinctBy(each => each.Item1)
                .Append(("magento/framework", own ? "103.0.*" : "^103.0.6")).Append(("php", "~8.2.0||~8.3.0")));
        }

        return new JsonObject { ["content-hash"] = "x", ["packages"] = list, ["packages-dev"] = new JsonArray(), ["platform"] = new JsonObject { ["php"] = "~8.2.0||~8.3.0" } }.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
    }
}
