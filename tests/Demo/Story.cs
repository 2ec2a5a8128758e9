using System.Diagnostics;
using System.Text.Json;
using PatchOperator.Demo.Screen;
using PatchOperator.Demo.Worlds;
using PatchOperator.Domain.Api.V1Alpha1;
using PatchOperator.Domain.Rollout;
using Spectre.Console;

namespace PatchOperator.Demo;

/// <summary>A patch that heals, then one that hurts: what is applied, what is seen, and whether both ended as they should.</summary>
internal sealed class Story(IWorld world, IScreen screen)
{
    private readonly List<string> _disappointments = [];

    /// <returns>What went otherwise than it should; nothing if all went well.</returns>
    public async Task<IReadOnlyList<string>> TellAsync(CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        await using var traffic = new ShopTraffic(world);
        await WarmUpAsync(traffic, cancellation);

        var healthy = await RunAsync(traffic, "A healthy patch", "cve-2025-54236", "APSB25-88", world.Images.Healthy, PatchPhase.Promoted, cancellation);

        // What was promoted is stable now, and is held to it.
        traffic.TrustWhatServesNow();
        var bad = await RunAsync(traffic, "A patch that breaks checkout", "cve-2026-10042", "APSB26-07", world.Images.Bad, PatchPhase.Reverted, cancellation);
        ShowRevert(bad, traffic);

        foreach (var name in (string[])[healthy.Patch.Metadata.Name, bad.Patch.Metadata.Name])
        {
            await ShowAuditAsync(name, cancellation);
        }

        var shop = traffic.Look();
        if (shop.FailedOnStable > 0)
        {
            _disappointments.Add($"{shop.FailedOnStable} requests failed that no canary answered, such as {shop.FailuresOnStable[^1]}");
        }

        screen.Show(new Markup(
            (_disappointments.Count == 0 ? "[bold green]All as it should be:[/] " : "[bold red]Not as it should be:[/] ")
            + $"{Markup.Escape(healthy.Patch.Metadata.Name)} {healthy.Phase} in {healthy.Elapsed.TotalSeconds:0} s, {Markup.Escape(bad.Patch.Metadata.Name)} {bad.Phase} in {bad.Elapsed.TotalSeconds:0} s; "
            + $"{shop.Answers:N0} requests, {shop.FailedOnStable} failed on stable; {since.Elapsed.TotalSeconds:0} s in all.\n"));
        return _disappointments;
    }

    private async Task WarmUpAsync(ShopTraffic traffic, CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        while (traffic.Look() is var shop && shop.Versions.Sum(version => version.Answers) < 60)
        {
            if (since.Elapsed > TimeSpan.FromSeconds(20))
            {
                throw new DemoException($"The shop does not answer at {world.Shop}: {(shop.FailuresOnStable is [.., var last] ? last.ToString() : "no answer at all")}. "
                    + "If the address cannot be reached from here, set DEMO_SHOP_URL to one that can.");
            }

            await Task.Delay(100, cancellation);
        }

        traffic.TrustWhatServesNow();
    }

    private async Task<Frame> RunAsync(
        ShopTraffic traffic, string title, string name, string advisory, string image, PatchPhase expected, CancellationToken cancellation)
    {
        var manifest = Manifests.Parse(Manifests.Patch(world.Namespace, name, advisory, image)).Single();
        var frame = await screen.PlayAsync(new PatchRun(world, traffic, title, name, manifest).PlayAsync(cancellation), cancellation);
        if (frame.Phase != expected)
        {
            _disappointments.Add($"{name} is {frame.Phase} and should be {expected}: {frame.Ready?.Message ?? "no condition says why"}");
        }

        if (world.Operator?.Ended is { } ended)
        {
            throw new DemoException(ended);
        }

        return frame;
    }

    private void ShowRevert(Frame frame, ShopTraffic traffic)
    {
        if (frame.Status.Revert is not { } revert)
        {
            return;
        }

        var exposure = traffic.Exposure();
        if (exposure is null && frame.Phase == PatchPhase.Reverted)
        {
            _disappointments.Add("the bad patch was reverted, but no shopper ever saw it fail");
        }

        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow(new Markup("[grey]metric[/]"), new Text(revert.Metric ?? "-"));
        grid.AddRow(new Markup("[grey]value[/]"), new Markup($"[red]{Markup.Escape(revert.Value ?? "-")}[/] of the canary's requests failed, the limit is {Markup.Escape(revert.Limit ?? "-")}"));
        grid.AddRow(new Markup("[grey]query[/]"), new Text(revert.Query ?? "-"));
        grid.AddRow(new Markup("[grey]in words[/]"), new Text(revert.Message));
        grid.AddRow(new Markup("[grey]exposure[/]"), new Markup(exposure is { } time
            ? $"[bold]{time.TotalSeconds:0.0} s[/] from the first bad response to the canary's last response"
            : "no bad response was seen"));
        var failed = frame.Shop.FailedOnStable;
        grid.AddRow(new Markup("[grey]stable[/]"), new Markup(failed == 0 ? "[green]served throughout, no request failed[/]" : $"[red]{failed} requests failed[/]"));
        screen.Show(new Panel(grid) { Header = new PanelHeader($" [bold]{frame.Phase}: {Markup.Escape(revert.Reason)}[/] "), Border = BoxBorder.Rounded });
    }

    private async Task ShowAuditAsync(string name, CancellationToken cancellation)
    {
        var json = await world.Api.GetAsync(ObjectPath.Patch(world.Namespace, name), cancellation) ?? throw new DemoException($"EmergencyPatch {name} is gone.");
        var (table, fault) = AuditView.Of(json.Deserialize(DomainJson.Default.EmergencyPatch)!);
        screen.Show(table);
        if (fault is not null)
        {
            _disappointments.Add($"the audit trail of {name} is broken: {fault}");
        }
    }
}
