using PatchOperator.Domain.Rollout;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PatchOperator.Demo.Screen;

/// <summary>Draws a frame. Its height changes only where the number of versions does, so that the picture stands still.</summary>
internal static class FrameView
{
    private const int BarWidth = 40;
    private const int EventLines = 6;

    public static IRenderable Of(Frame frame, int width)
    {
        var text = width - 4;
        return new Panel(new Rows(
            Heading(frame, text),
            new Text(""),
            Weights(frame),
            new Text(""),
            Metrics(frame),
            Shoppers(frame),
            new Rule("[grey]events[/]") { Justification = Justify.Left, Style = Style.Parse("grey") },
            Events(frame, text),
            frame.Command is { } command ? new Markup($"[grey]$[/] [aqua]{Cut(command, text - 2)}[/]") : new Text("")))
        {
            Header = new PanelHeader($" [bold]{Markup.Escape(frame.Title)}[/]  {frame.Patch.Metadata.Namespace}/{frame.Patch.Metadata.Name}  [grey]{frame.Elapsed.TotalSeconds:0.0} s[/] "),
            Border = BoxBorder.Rounded,
            BorderStyle = new Style(Colour(frame.Phase)),
            Width = width,
        };
    }

    private static Rows Heading(Frame frame, int width)
    {
        var step = frame.Status.Step;
        var where = step is null ? "" : $"   step {step.Index + 1} of {step.Count}";
        var approval = frame.Status.Approvals is [var first, ..] ? $"   approved {(first.Verified ? $"by {first.By}" : "(nothing authenticated the approver)")}" : "";
        return new Rows(
            new Markup($"[bold {Colour(frame.Phase).ToMarkup()}]{frame.Phase}[/][grey]{Markup.Escape(where + approval)}[/]"),
            new Markup($"[grey]{Cut(frame.Ready?.Message ?? "", width)}[/]"));
    }

    private static Grid Weights(Frame frame)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(15)).AddColumn(new GridColumn().NoWrap());
        grid.AddRow(new Text("canary asked"), Bar(frame.AskedWeight, "grey"));
        grid.AddRow(new Text("canary actual"), Bar(frame.ActualWeight, "yellow"));
        grid.AddRow(new Text("pods"), new Markup($"stable {Dots(frame, canary: false, "green")}   canary {Dots(frame, canary: true, "yellow")}"));
        return grid;
    }

    private static Markup Bar(int percent, string colour)
    {
        var filled = (int)Math.Round(BarWidth * percent / 100.0);
        return new Markup($"[{colour}]{new string('█', filled)}[/][grey23]{new string('░', BarWidth - filled)}[/] {percent,3} %");
    }

    private static string Dots(Frame frame, bool canary, string colour)
    {
        var pods = frame.Pods.Where(pod => pod.IsCanary == canary).ToList();
        return pods.Count == 0 ? "[grey]none[/]" : string.Concat(pods.Select(pod => pod.Terminating ? "[grey]○[/]" : pod.Ready ? $"[{colour}]●[/]" : $"[{colour}]◌[/]"));
    }

    private static Table Metrics(Frame frame)
    {
        var table = Narrow("metric", "verdict", "canary", "stable", "limit");
        foreach (var metric in frame.Patch.Spec.Analysis?.Metrics ?? [])
        {
            var seen = frame.Status.Analysis?.FirstOrDefault(each => each.Name == metric.Name);
            var colour = seen?.Verdict switch { "Pass" => "green", "Fail" => "red", _ => "yellow" };
            table.AddRow(
                new Text(metric.Name ?? ""),
                new Markup(seen is null ? "[grey]-[/]" : $"[{colour}]{Markup.Escape(seen.Verdict)}[/]"),
                new Text(Rate(seen?.CanaryRate, seen?.CanaryCounts)),
                new Text(Rate(seen?.StableRate, seen?.StableCounts)),
                new Text(metric.MaxRate ?? "-"));
        }

        return table;
    }

    private static Table Shoppers(Frame frame)
    {
        var table = Narrow("shoppers got", "", "answers", "failed", "");
        foreach (var version in frame.Shop.Versions)
        {
            table.AddRow(
                new Text("version"),
                new Markup($"[bold]{Markup.Escape(version.Version)}[/]"),
                new Text($"{version.Answers:N0}"),
                new Markup(version.Failed == 0 ? "[green]0[/]" : $"[red]{version.Failed:N0}[/]"),
                new Text(""));
        }

        if (frame.Shop.Unanswered > 0)
        {
            table.AddRow(new Text("nobody"), new Text(""), new Text(""), new Markup($"[red]{frame.Shop.Unanswered:N0}[/]"), new Text(""));
        }

        return table;
    }

    private static Table Narrow(params string[] headings)
    {
        int[] widths = [15, 10, 22, 22, 8];
        var table = new Table { Border = TableBorder.None, ShowRowSeparators = false };
        foreach (var (heading, width) in headings.Zip(widths))
        {
            table.AddColumn(new TableColumn(new Markup($"[grey]{heading}[/]")) { Width = width, NoWrap = true, Padding = new Padding(0, 0, 1, 0) });
        }

        return table;
    }

    private static Rows Events(Frame frame, int width)
    {
        var lines = frame.Events.TakeLast(EventLines).Select(line =>
        {
            var start = $"{line.At:HH:mm:ss} {line.Reason,-18} ";
            return (IRenderable)new Markup($"[grey]{line.At:HH:mm:ss}[/] [{(line.IsWarning ? "red" : "blue")}]{Markup.Escape($"{line.Reason,-18}")}[/] {Cut(line.Message, width - start.Length)}");
        });
        return new Rows(lines.Concat(Enumerable.Repeat<IRenderable>(new Text(" "), EventLines - Math.Min(EventLines, frame.Events.Count))));
    }

    private static string Rate(string? rate, string? counts) => rate is null ? "-" : $"{rate} ({counts})";

    // Escaped after the cut, or an escape could be cut in two.
    private static string Cut(string text, int width) => Markup.Escape(text.Length <= width ? text : width < 2 ? "" : text[..(width - 1)] + "…");

    private static Color Colour(PatchPhase phase) => phase switch
    {
        PatchPhase.Promoted or PatchPhase.Closed => Color.Green,
        PatchPhase.Reverting or PatchPhase.Degraded or PatchPhase.Rejected or PatchPhase.Blocked => Color.Red,
        PatchPhase.Reverted or PatchPhase.Superseded => Color.Orange1,
        PatchPhase.AwaitingApproval or PatchPhase.Paused => Color.Yellow,
        PatchPhase.Pending or PatchPhase.Validating or PatchPhase.Progressing or PatchPhase.Promoting => Color.DodgerBlue1,
    };
}
