using System.Globalization;

namespace PatchOperator.Benchmarks;

internal sealed class Arguments
{
    private readonly Dictionary<string, string> values;

    private Arguments(Dictionary<string, string> values) => this.values = values;

    public static Arguments Parse(IEnumerable<string> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var name = "";
        foreach (var argument in arguments)
        {
            if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                name = argument[2..];
                values[name] = "";
            }
            else if (name.Length > 0 && values[name].Length == 0)
            {
                values[name] = argument;
            }
            else
            {
                throw new ArgumentException($"Expected --name or --name value, not '{argument}'");
            }
        }

        return new Arguments(values);
    }

    public bool Has(string name) => values.ContainsKey(name);

    public string Required(string name) => values.GetValueOrDefault(name) ?? throw new ArgumentException($"--{name} is missing");

    public string Text(string name, string fallback) => values.GetValueOrDefault(name) ?? fallback;

    public int Number(string name, int fallback) => values.TryGetValue(name, out var text) && text.Length > 0 ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
}
