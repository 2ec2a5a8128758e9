using System.Globalization;
using System.Text;
using PatchOperator.Domain.Analysis;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Evidence;

/// <summary>Canary against stable as SVG: one scale for both, gaps where nothing was measured, the moment of the verdict as a line.</summary>
internal static class EvidencePlot
{
    private const double Left = 64;
    private const double Top = 28;
    private const double Width = 720;
    private const double Height = 200;
    private const double Bottom = Top + Height;

    public static string Draw(PlotBlock plot, string id)
    {
        var count = Math.Max(plot.Canary.Count, plot.Stable.Count);
        var highest = plot.Highest is > 0 and var some ? some : 0.01;
        var svg = new StringBuilder();
        svg.Append("<figure>\n").Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Left + Width + 24:0} {Bottom + 64:0}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n");
        svg.Append($"<title id=\"{id}-title\">{Encode($"{plot.Metric}: canary against stable")}</title>\n<desc id=\"{id}-desc\">{Encode(plot.Describe())}</desc>\n");
        for (var i = 0; i <= 4; i++)
        {
            var y = Bottom - (Height * i / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Left:0}\" y1=\"{y:0.##}\" x2=\"{Left + Width:0}\" y2=\"{y:0.##}\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8:0}\" y=\"{y + 4:0.##}\" text-anchor=\"end\">{Encode(Percent.Format(highest * i / 4))}</text>\n");
        }

        svg.Append(Track(plot.Stable, count, highest, "stable")).Append(Track(plot.Canary, count, highest, "canary"));
        var end = plot.StartedAt.AddSeconds((double)count * plot.Seconds);
        if (plot.DecidedAt is { } at)
        {
            var share = Math.Clamp((at - plot.StartedAt) / (end - plot.StartedAt), 0, 1);
            var x = Left + (Width * share);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"verdict\" x1=\"{x:0.##}\" y1=\"{Top - 8:0}\" x2=\"{x:0.##}\" y2=\"{Bottom:0}\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(share > 0.5 ? x - 6 : x + 6):0.##}\" y=\"{Top - 12:0}\" text-anchor=\"{(share > 0.5 ? "end" : "start")}\">{Encode($"{plot.Verdict}, {EvidenceText.Time(at)}")}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left:0}\" y=\"{Bottom + 20:0}\">{Encode(EvidenceText.Time(plot.StartedAt))}</text>\n<text x=\"{Left + Width:0}\" y=\"{Bottom + 20:0}\" text-anchor=\"end\">{Encode(EvidenceText.Time(end))}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"canary\" x1=\"{Left:0}\" y1=\"{Bottom + 46:0}\" x2=\"{Left + 36:0}\" y2=\"{Bottom + 46:0}\"/><text x=\"{Left + 44:0}\" y=\"{Bottom + 50:0}\">canary</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"stable\" x1=\"{Left + 130:0}\" y1=\"{Bottom + 46:0}\" x2=\"{Left + 166:0}\" y2=\"{Bottom + 46:0}\"/><text x=\"{Left + 174:0}\" y=\"{Bottom + 50:0}\">stable</text>\n");
        return svg.Append($"</svg>\n<figcaption><strong>{Encode(plot.Metric)}.</strong> {Encode(plot.Describe())}</figcaption>\n</figure>\n").ToString();
    }

    private static string Track(IReadOnlyList<SeriesPoint?> points, int count, double highest, string name)
    {
        var svg = new StringBuilder();
        for (var i = 0; i < points.Count;)
        {
            if (points[i] is null)
            {
                i++;
                continue;
            }

            var run = points.Skip(i).TakeWhile(p => p is not null).Count();
            var places = Enumerable.Range(i, run).Select(n => string.Create(CultureInfo.InvariantCulture, $"{Left + (Width * (n + 0.5) / count):0.##},{Bottom - (Height * points[n]!.Value.Rate / highest):0.##}")).ToArray();
            if (run > 1)
            {
                svg.Append($"<polyline class=\"{name}\" points=\"{string.Join(' ', places)}\"/>\n");
            }
            else
            {
                var place = places[0].Split(',');
                svg.Append($"<circle class=\"dot-{name}\" cx=\"{place[0]}\" cy=\"{place[1]}\" r=\"3\"/>\n");
            }

            i += run;
        }

        return svg.ToString();
    }

    private static string Encode(string text) => EvidenceHtml.Text(text);
}
