using System.Globalization;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Evidence;

/// <summary>Times, spans and lists as the report writes them.</summary>
internal static class EvidenceText
{
    public const string None = "—";

    public static string Time(DateTimeOffset? at) => at is { } time ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC" : None;

    public static DateTimeOffset? Parse(string? rfc3339) =>
        DateTimeOffset.TryParse(rfc3339, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUniversalTime() : null;

    public static string Span(TimeSpan span)
    {
        var text = span.Duration() switch
        {
            { TotalDays: >= 1 } days => $"{(int)days.TotalDays} d {days.Hours} h {days.Minutes} min",
            { TotalHours: >= 1 } hours => $"{hours.Hours} h {hours.Minutes} min {hours.Seconds} s",
            { TotalMinutes: >= 1 } minutes => $"{minutes.Minutes} min {minutes.Seconds} s",
            var seconds => string.Create(CultureInfo.InvariantCulture, $"{seconds.TotalSeconds:0.#} s"),
        };
        return span < TimeSpan.Zero ? "-" + text : text;
    }

    public static string Or(string? text) => string.IsNullOrEmpty(text) ? None : text;

    public static string List(IEnumerable<string?>? values) => values?.Where(v => !string.IsNullOrEmpty(v)).ToArray() is { Length: > 0 } some ? string.Join(", ", some) : None;

    public static string Images(IEnumerable<ImageRecord>? images) => images?.Select(i => $"{i.Container}: {i.Image}").ToArray() is { Length: > 0 } some ? string.Join("; ", some) : None;
}
