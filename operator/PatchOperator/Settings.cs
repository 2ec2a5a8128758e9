using PatchOperator.Admission;
using PatchOperator.Audit;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using PatchOperator.Domain.Validation;
using PatchOperator.Notifications;
using PatchOperator.Runtime;
using Serilog.Events;

namespace PatchOperator;

internal sealed class SettingsException(string message) : Exception(message);

/// <summary>What the administrator sets, from the environment. A value that makes no sense ends the process with a sentence on what to write.</summary>
internal sealed record Settings
{
    public const string Prefix = "PATCHOPERATOR_";

    public required OperatorPolicy Policy { get; init; }

    public required string Listen { get; init; }

    public required LogEventLevel LogLevel { get; init; }

    public string? WatchNamespace { get; init; }

    public bool LeaderElection { get; init; } = true;

    public string? LeaseNamespace { get; init; }

    public int Workers { get; init; } = 16;

    public AdmissionSettings Admission { get; init; } = new();

    public ReceiverSettings Notifications { get; init; } = new();

    public AuditSettings Audit { get; init; } = new();

    public static Settings From(Func<string, string?> environment)
    {
        var policy = new OperatorPolicy();
        var deadlines = policy.DeadlineBySeverity.ToDictionary(d => d.Key, d => Span($"DEADLINE_{d.Key.ToUpperInvariant()}", d.Value), StringComparer.Ordinal);
        var admission = AdmissionSettings.From(Text);
        var notifications = Receivers();
        return new Settings
        {
            Admission = admission,
            Notifications = notifications,
            Audit = new AuditSettings { Secret = Text("AUDIT_SECRET"), Namespace = environment("POD_NAMESPACE") is { Length: > 0 } home ? home : "default" },
            Policy = policy with
            {
                DeadlineBySeverity = deadlines,
                Notifications = notifications.Policy,
                Validation = new ValidationOptions
                {
                    Receivers = notifications.Policy.Receivers,
                    ImagePolicy = OneOf("IMAGEPOLICY", ImagePolicy.RequireDigest),
                    Authenticates = admission.Enabled,
                },
            },
            Listen = Text("LISTEN") ?? "http://0.0.0.0:8080",
            LogLevel = OneOf("LOGLEVEL", LogEventLevel.Information),
            WatchNamespace = Text("WATCHNAMESPACE"),
            LeaderElection = Text("LEADERELECTION") switch
            {
                null => true,
                var text => bool.TryParse(text, out var on) ? on : throw Wrong("LEADERELECTION", text, "true or false"),
            },
            LeaseNamespace = Text("LEASENAMESPACE"),
            Workers = Text("WORKERS") switch
            {
                null => 16,
                var text => int.TryParse(text, out var count) && count is >= 1 and <= 256 ? count : throw Wrong("WORKERS", text, "a number from 1 to 256"),
            },
        };

        string? Text(string name) => environment(Prefix + name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

        ReceiverSettings Receivers()
        {
            try
            {
                return ReceiverSettings.Parse(Text("NOTIFICATIONS"), environment("POD_NAMESPACE") is { Length: > 0 } ns ? ns : "default");
            }
            catch (FormatException exception)
            {
                throw new SettingsException($"{Prefix}NOTIFICATIONS cannot be used: {exception.Message}.");
            }
        }

        T OneOf<T>(string name, T fallback)
            where T : struct, Enum =>
            Text(name) is not { } text ? fallback
            : Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value
            : throw Wrong(name, text, string.Join(", ", Enum.GetNames<T>()));

        TimeSpan Span(string name, TimeSpan fallback) =>
            Text(name) is not { } text ? fallback : Duration.TryParse(text, out var value) ? value : throw Wrong(name, text, "a duration such as 24h or 7d");
    }

    /// <summary>Everything to listen on.</summary>
    public string[] Urls => Admission.Enabled ? [Listen, Admission.Listen] : [Listen];

    public void Apply(OperatorOptions options)
    {
        options.WatchNamespace = WatchNamespace;
        options.Workers = Workers;
        options.LeaderElection.Enabled = LeaderElection;
        options.LeaderElection.LeaseNamespace = LeaseNamespace;
    }

    internal static SettingsException Wrong(string name, string value, string expected) =>
        new($"{Prefix}{name} is '{value}'; expected {expected}.");
}
