using System.CommandLine;
using PatchOperator.Domain.Api.V1Alpha1;

namespace PatchOperator.Cli.Cluster;

internal static class StatusCommand
{
    public static Command Build(TargetOptions target)
    {
        var name = new Argument<string>("NAME") { Description = "The EmergencyPatch" };
        var command = new Command("status", "Where the patch stands, and why") { name };
        command.SetAction(target.Run(async (result, client, output, cancellation) =>
        {
            await output.WriteAsync(Describe(await client.GetAsync(result.GetRequiredValue(name), cancellation)));
            return ExitCodes.Ok;
        }));
        return command;
    }

    internal static string Describe(EmergencyPatch patch)
    {
        var status = patch.Status ?? new();
        var text = new StringWriter();
        var advisory = patch.Spec.Advisory;
        text.WriteLine($"{patch.Metadata.Namespace}/{patch.Metadata.Name}  {status.Phase ?? "not seen by the operator yet"}");
        Line(text, "Advisory", string.Join("  ", new[] { advisory?.Id, advisory?.Severity }.Concat(advisory?.Cves ?? []).OfType<string>()));
        Line(text, "Deadline", Time(status.Timings?.RemediateBy));
        if (status.Step is { } step)
        {
            var until = step.NotBefore is { } notBefore ? $", not before {Time(notBefore)}" : "";
            Line(text, "Step", $"{step.Index + 1} of {step.Count}, {step.Weight} % asked for, {step.ActualWeight?.ToString() ?? "?"} % actual{until}");
        }

        if (status.Watch is { } watch)
        {
            Line(text, "Watch", watch.EndedAt is null ? $"until {Time(watch.Until)}" : $"{watch.Outcome} at {Time(watch.EndedAt)}");
        }

        if (status.Escalation?.Tiers.FirstOrDefault(tier => tier.RaisedAt is null) is { } next)
        {
            Line(text, "Escalates", $"to {string.Join(", ", next.Notify)} at {Time(next.Due)}");
        }

        if (status.Notifications is { Count: > 0 } waiting)
        {
            Line(text, "Not told", string.Join(", ", waiting.SelectMany(each => each.To.Select(to => $"{to} of {each.Reason}"))));
        }

        if (status.Revert is { } revert)
        {
            Line(text, "Reverted", $"{revert.Reason}: {revert.Message}");
        }

        Table(text, ["CONDITION", "STATUS", "REASON", "MESSAGE"], status.Conditions?.Select(each => new[] { each.Type, each.Status, each.Reason, each.Message }));
        Table(text, ["METRIC", "VERDICT", "CANARY", "STABLE", "LIMIT", "MESSAGE"], status.Analysis?.Select(each =>
            new[] { each.Name, each.Verdict, each.CanaryRate ?? "-", each.StableRate ?? "-", each.Limit ?? "-", each.Message }));
        Table(text, ["AFTER PROMOTION", "VERDICT", "NOW", "BEFORE", "LIMIT", "MESSAGE"], status.Watch?.Metrics?.Select(each =>
            new[] { each.Name, each.Verdict, each.Measured ?? "-", each.Before ?? "-", each.Limit ?? "-", each.Message }));
        foreach (var metric in status.Analysis ?? [])
        {
            Plot(text, metric);
        }

        Table(text, ["APPROVED BY", "AT", "REASON"], status.Approvals?.Select(each =>
            new[] { each.Verified ? each.By : $"{each.By} (not verified)", Time(each.At), each.Reason }));
        return text.ToString();
    }

    private static void Plot(StringWriter text, MetricStatus metric)
    {
        var lines = MetricPlot.Draw(metric.Name, metric.Series).ToList();
        if (lines.Count > 0)
        {
            text.WriteLine();
            lines.ForEach(text.WriteLine);
        }
    }

    private static void Line(StringWriter text, string label, string value)
    {
        if (value.Length > 0)
        {
            text.WriteLine($"  {label,-9} {value}");
        }
    }

    private static void Table(StringWriter text, string[] header, IEnumerable<string[]>? rows)
    {
        var all = rows?.ToList() ?? [];
        if (all.Count > 0)
        {
            text.WriteLine();
            text.Write(TextTable.Format(header, all));
        }
    }

    internal static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'") ?? "";
}
