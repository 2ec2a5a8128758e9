using System.Globalization;

namespace PatchOperator.TestKit.ApiServer;

internal static class Ages
{
    /// <summary>As kubectl words it: two units near the beginning, one later, e.g. <c>95s</c>, <c>4m10s</c>, <c>3h</c>, <c>12d</c>.</summary>
    public static string Since(string? timestamp, DateTimeOffset now)
    {
        if (!DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var then))
        {
            return "<unknown>";
        }

        var age = now - then;
        return age switch
        {
            { TotalSeconds: < -1 } => "<invalid>",
            { TotalSeconds: < 0 } => "0s",
            { TotalSeconds: < 120 } => $"{(int)age.TotalSeconds}s",
            { TotalMinutes: < 10 } => Two((int)age.TotalMinutes, "m", age.Seconds, "s"),
            { TotalHours: < 3 } => $"{(int)age.TotalMinutes}m",
            { TotalHours: < 8 } => Two((int)age.TotalHours, "h", age.Minutes, "m"),
            { TotalHours: < 48 } => $"{(int)age.TotalHours}h",
            { TotalDays: < 8 } => Two((int)age.TotalDays, "d", age.Hours, "h"),
            _ => $"{(int)age.TotalDays}d",
        };
    }

    private static string Two(int major, string majorUnit, int minor, string minorUnit) =>
        minor == 0 ? $"{major}{majorUnit}" : $"{major}{majorUnit}{minor}{minorUnit}";
}
