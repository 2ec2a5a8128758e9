using System.Globalization;

namespace PatchOperator.Benchmarks;

internal sealed class Arguments
{
    private readonly Dictionary<string, string> values;

    private Arguments(Dictionary<string, string> values) => this.values = values;

    public static Arguments Parse(IEnumerable<string> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in arguments.Chunk(2))
        {
            if (pair is not [var name, var value] || !name.StartsWith("--", StringComparison.Ordinal))
            {
                throw new ArgumentException($"Expected --name value, not '{string.Join(' ', pair)}'");
            }

            values[name[2..]] = value;
        }

        return new Arguments(values);
    }

    public string Required(string name) => values.GetValueOrDefault(name) ?? throw new ArgumentException($"--{name} is missing");

    public string Text(string name, string fallback) => values.GetValueOrDefault(name) ?? fallback;

    public int Number(string name, int fallback) => values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : fallback;
}
