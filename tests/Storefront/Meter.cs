using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Storefront;

/// <summary>Request counts and durations in Prometheus' text format.</summary>
internal sealed class Meter
{
    private static readonly double[] Bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
    private readonly ConcurrentDictionary<(string Path, string Method, int Status), long> requests = [];
    private readonly ConcurrentDictionary<string, Durations> durations = new(StringComparer.Ordinal);
    private readonly long startedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Series exist at zero before the first request: the first failure must be an increase, not a new series.</summary>
    public void Announce(string path, string method, IEnumerable<int> statuses)
    {
        durations.GetOrAdd(path, _ => new Durations());
        foreach (var status in statuses)
        {
            requests.GetOrAdd((path, method, status), 0);
        }
    }

    public void Count(string path, string method, int status, TimeSpan elapsed)
    {
        requests.AddOrUpdate((path, method, status), 1, (_, n) => n + 1);
        durations.GetOrAdd(path, _ => new Durations()).Add(elapsed.TotalSeconds);
    }

    public string Render()
    {
        var text = new StringBuilder(4096);
        text.Append("# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n");
        foreach (var ((path, method, status), count) in requests.OrderBy(r => r.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"http_requests_total{{path=\"{path}\",method=\"{method}\",status=\"{status}\"}} {count}\n");
        }

        text.Append("# HELP http_request_duration_seconds Time to answer.\n# TYPE http_request_duration_seconds histogram\n");
        foreach (var (path, duration) in durations.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            duration.Render(text, path);
        }

        text.Append("# HELP process_start_time_seconds Start of the process.\n# TYPE process_start_time_seconds gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"process_start_time_seconds {startedAt / 1000.0:0.000}\n");
        return text.ToString();
    }

    private sealed class Durations
    {
        private readonly long[] buckets = new long[Bounds.Length];
        private readonly Lock gate = new();
        private long count;
        private double sum;

        public void Add(double seconds)
        {
            lock (gate)
            {
                count++;
                sum += seconds;
                for (var i = 0; i < Bounds.Length; i++)
                {
                    if (seconds <= Bounds[i])
                    {
                        buckets[i]++;
                    }
                }
            }
        }

        public void Render(StringBuilder text, string path)
        {
            lock (gate)
            {
                for (var i = 0; i < Bounds.Length; i++)
                {
                    text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_bucket{{path=\"{path}\",le=\"{Bounds[i]}\"}} {buckets[i]}\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_bucket{{path=\"{path}\",le=\"+Inf\"}} {count}\n");
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_sum{{path=\"{path}\"}} {sum:0.######}\n");
                text.Append(CultureInfo.InvariantCulture, $"http_request_duration_seconds_count{{path=\"{path}\"}} {count}\n");
            }
        }
    }
}
