using System.Globalization;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>A time as Kubernetes writes it, <c>2026-11-23T09:00:00Z</c>. The offset is not optional: a deadline must mean the same to everyone.</summary>
public static partial class Rfc3339
{
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is not null && Shape().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
