using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>
/// A time span as users of Kubernetes write it: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>250ms</c>, <c>2d</c>.
/// Reading one never fails; <see cref="TryGetValue"/> says whether it makes sense.
/// </summary>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly partial record struct Duration(string Text)
{
    public const string Pattern = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    public static Duration Of(TimeSpan value) => new(Format(value));

    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text is null || !Shape().IsMatch(text))
        {
            return false;
        }

        var milliseconds = 0.0;
        foreach (Match part in Part().Matches(text))
        {
            milliseconds += double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * part.Groups[2].Value switch
            {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => 86_400_000,
            };
        }

        if (milliseconds > Longest.TotalMilliseconds)
        {
            return false;
        }

        value = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    public bool TryGetValue(out TimeSpan value) => TryParse(Text, out value);

    public override string ToString() => Text;

    /// <summary>The shortest text that reads back as the same value: <c>1h30m</c>, <c>45s</c>, <c>1.5s</c>.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = "";
        if (value.Days != 0)
        {
            text += $"{value.Days}d";
        }

        if (value.Hours != 0)
        {
            text += $"{value.Hours}h";
        }

        if (value.Minutes != 0)
        {
            text += $"{value.Minutes}m";
        }

        var seconds = value.Seconds + (value.Milliseconds / 1000.0);
        return seconds == 0 ? text : text + seconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Shape();

    [GeneratedRegex("([0-9]+(?:\\.[0-9]+)?)(ms|s|m|h|d)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}

public static class DurationExtensions
{
    /// <summary>The value, or the fallback when there is none or it makes no sense (which validation has reported by then).</summary>
    public static TimeSpan OrElse([NotNullWhen(true)] this Duration? duration, TimeSpan fallback) =>
        duration is { } given && given.TryGetValue(out var value) ? value : fallback;
}

public sealed class DurationJsonConverter : JsonConverter<Duration>
{
    public override Duration Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new Duration(reader.GetString() ?? "");
        }

        using var other = JsonDocument.ParseValue(ref reader);
        return new Duration(other.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, Duration value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
