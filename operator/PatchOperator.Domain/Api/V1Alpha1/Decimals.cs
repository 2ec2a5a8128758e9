using System.Globalization;
using System.Text.RegularExpressions;

namespace PatchOperator.Domain.Api.V1Alpha1;

/// <summary>A number as users write it, <c>0.8</c> or <c>-2</c>: Kubernetes' API forbids floating point.</summary>
public static partial class Decimals
{
    /// <summary>Null for what is not a number.</summary>
    public static double? Read(string? text) =>
        text is not null && Shape().IsMatch(text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^-?[0-9]{1,15}(\.[0-9]{1,9})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
