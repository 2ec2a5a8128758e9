using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Audit;
using Spectre.Console;

namespace PatchOperator.Demo.Screen;

/// <summary>The audit trail of a patch, and whether its hashes hold.</summary>
internal static class AuditView
{
    public static (Table Table, string? Fault) Of(EmergencyPatch patch)
    {
        var trail = AuditChain.Parse(patch.Metadata.Annotations?.GetValueOrDefault(Annotations.Audit));
        var fault = trail switch
        {
            null => $"the annotation {Annotations.Audit} is not an audit trail",
            [] => "the trail is empty",
            _ when trail[^1].Hash != patch.Status?.Audit?.Head => "the trail does not end where the status says",
            _ => AuditChain.FindFault(trail),
        };
        var table = new Table { Border = TableBorder.Rounded, Expand = true };
        table.Title = new TableTitle($"Audit trail of {patch.Metadata.Namespace}/{patch.Metadata.Name}");
        table.Caption = new TableTitle(fault is null ? $"[green]chain holds[/], newest {Short(trail![^1].Hash)}" : $"[red]BROKEN: {Markup.Escape(fault)}[/]");
        table.AddColumns(new TableColumn("#").RightAligned(), Fixed("at"), Fixed("actor"), Fixed("action"), Fixed("to"), new TableColumn("detail"), Fixed("hash"));
        foreach (var record in trail ?? [])
        {
            table.AddRow(
                $"{record.Sequence}", $"{record.At:HH:mm:ss}", Markup.Escape(record.Actor), Markup.Escape(record.Action),
                Markup.Escape(record.To ?? ""), Markup.Escape(record.Detail ?? ""), $"[grey]{Short(record.Hash)}[/]");
        }

        return (table, fault);
    }

    private static TableColumn Fixed(string heading) => new(heading) { NoWrap = true };

    private static string Short(string hash) => hash.Split(':')[^1][..8];
}
