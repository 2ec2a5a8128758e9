using System.Globalization;

namespace Storefront;

internal sealed class SettingsException(string message) : Exception(message);

/// <summary>What the storefront is told: by environment, or by <c>--name value</c> arguments, which an image can carry.</summary>
internal sealed record Settings
{
    public required string Version { get; init; }

    public required string Pod { get; init; }

    public required string Address { get; init; }

    public required int Port { get; init; }

    public required int MetricsPort { get; init; }

    public required string Fail { get; init; }

    public required string Slow { get; init; }

    public required bool Deterministic { get; init; }

    public required bool NotReady { get; init; }

    public required TimeSpan? CrashAfter { get; init; }

    public required TimeSpan Drain { get; init; }

    public static Settings From(string[] arguments, Func<string, string?> environment)
    {
        var given = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || i + 1 >= arguments.Length)
            {
                throw new SettingsException($"Argument '{arguments[i]}': expected --name value.");
            }

            given[arguments[i][2..]] = arguments[i + 1];
        }

        return new Settings
        {
            Version = Get("version", "STOREFRONT_VERSION") ?? "dev",
            Pod = Get("pod", "POD_NAME") ?? Environment.MachineName,
            Address = Get("address", "LISTEN_ADDRESS") ?? environment("POD_IP") ?? "0.0.0.0",
            Port = Number("port", "PORT", 8080),
            MetricsPort = Number("metrics-port", "METRICS_PORT", 9113),
            Fail = Get("fail", "STOREFRONT_FAIL") ?? "",
            Slow = Get("slow", "STOREFRONT_SLOW") ?? "",
            Deterministic = (Get("deterministic", "STOREFRONT_DETERMINISTIC") ?? "0") is "1" or "true",
            NotReady = (Get("not-ready", "STOREFRONT_NOT_READY") ?? "0") is "1" or "true",
            CrashAfter = Get("crash-after", "STOREFRONT_CRASH_AFTER") is { } text ? Behaviour.ParseSpan(text) : null,
            Drain = TimeSpan.FromSeconds(Number("drain", "DRAIN_SECONDS", 4)),
        };

        string? Get(string argument, string variable) => given.GetValueOrDefault(argument) ?? environment(variable);

        int Number(string argument, string variable, int fallback) => Get(argument, variable) switch
        {
            null => fallback,
            var text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : throw new SettingsException($"{variable} (--{argument}) is '{text}': expected a whole number."),
        };
    }
}
