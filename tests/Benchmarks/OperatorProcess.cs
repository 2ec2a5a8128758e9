using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace PatchOperator.Benchmarks;

/// <summary>One operator, as Kubernetes would see it: started with an environment, measured from outside, stopped with SIGTERM.</summary>
internal sealed class OperatorProcess : IAsyncDisposable
{
    private const double TicksPerSecond = 100;
    private const int SigTerm = 15;
    private readonly Process process;
    private readonly HttpClient http = new();

    private OperatorProcess(Process process, Uri address)
    {
        this.process = process;
        http.BaseAddress = address;
    }

    public static OperatorProcess Start(string path, string kubeconfig, string ns, int port, bool leaderElection = true)
    {
        var isAssembly = path.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : path, isAssembly ? [path] : []) { RedirectStandardOutput = true };
        var address = $"http://127.0.0.1:{port}";
        start.Environment["KUBECONFIG"] = Path.GetFullPath(kubeconfig);
        start.Environment["PATCHOPERATOR_LISTEN"] = address;
        start.Environment["PATCHOPERATOR_LEASENAMESPACE"] = ns;
        start.Environment["PATCHOPERATOR_LEADERELECTION"] = leaderElection ? "true" : "false";
        start.Environment["PATCHOPERATOR_LOGLEVEL"] = "Information";
        var process = Process.Start(start)!;
        // Read away: a full pipe would stop the operator.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return new OperatorProcess(process, new Uri(address));
    }

    /// <summary>User and system time so far, in seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    public int Threads => Directory.GetDirectories($"/proc/{process.Id}/task").Length;

    public int Sockets => Directory.GetFiles($"/proc/{process.Id}/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) ?? false);

    /// <param name="name">VmRSS, RssAnon, VmHWM; or Pss.</param>
    /// <returns>MB of 1024 × 1024 bytes, as container limits count.</returns>
    public double Megabytes(string name)
    {
        var file = name == "Pss" ? $"/proc/{process.Id}/smaps_rollup" : $"/proc/{process.Id}/status";
        var line = File.ReadLines(file).First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    public async Task<MetricsPage> MetricsAsync() => MetricsPage.Parse(await http.GetStringAsync("/metrics"));

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await http.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            _ = Kill(process.Id, SigTerm);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        process.Dispose();
        http.Dispose();
    }

#pragma warning disable SYSLIB1054 // One call in a test tool is not worth unsafe code
    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
#pragma warning restore SYSLIB1054
}

/// <summary>One answer of <c>/metrics</c>: series by their name with labels.</summary>
internal sealed record MetricsPage(IReadOnlyDictionary<string, double> Series, int Bytes)
{
    public static MetricsPage Parse(string text)
    {
        var series = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n').Where(l => l.Length > 0 && l[0] != '#'))
        {
            var space = line.LastIndexOf(' ');
            series[line[..space]] = double.Parse(line[(space + 1)..], CultureInfo.InvariantCulture);
        }

        return new MetricsPage(series, text.Length);
    }

    public double Sum(string name) => Series.Where(s => s.Key == name || s.Key.StartsWith(name + "{", StringComparison.Ordinal)).Sum(s => s.Value);

    /// <summary>What grew since then, by the labels in braces.</summary>
    public IEnumerable<(string Labels, double Growth)> GrowthSince(MetricsPage before, string name) => Series
        .Where(s => s.Key.StartsWith(name + "{", StringComparison.Ordinal))
        .Select(s => (s.Key[name.Length..], s.Value - before.Series.GetValueOrDefault(s.Key)))
        .Where(s => s.Item2 > 0)
        .OrderByDescending(s => s.Item2);
}
