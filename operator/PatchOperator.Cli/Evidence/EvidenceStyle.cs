namespace PatchOperator.Cli.Evidence;

/// <summary>How the report looks. Every pair of colours has a contrast of at least 4.5 to 1, which a test computes from this very text.</summary>
internal static class EvidenceStyle
{
    public const string Css = """
        :root {
          --paper: #ffffff; --ink: #1b1f24; --soft: #4a5461; --line: #c3cad3; --shade: #f1f4f7; --link: #0b57a4;
          --good: #0f6b33; --bad: #a81e1e; --open: #7a4b00; --canary: #b3400a; --stable: #0b57a4;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #14181d; --ink: #e7ebf0; --soft: #b3bdc9; --line: #46505c; --shade: #1f252c; --link: #8cc2ff;
            --good: #6fd394; --bad: #ff9c94; --open: #f0bf6b; --canary: #ffa673; --stable: #8cc2ff;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.3rem; margin: 2.25rem 0 .75rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); }
        h3, caption { font-size: 1rem; font-weight: 600; text-align: left; margin: 1.25rem 0 .4rem; padding: .4rem 0; color: var(--ink); }
        p { margin: .4rem 0; overflow-wrap: anywhere; }
        a { color: var(--link); }
        .subject { color: var(--soft); }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; }
        nav ol { columns: 16rem; column-gap: 2.5rem; padding-left: 1.5rem; margin: 1rem 0; }
        .scroll { overflow-x: auto; margin: .5rem 0 1rem; }
        table { border-collapse: collapse; width: 100%; font-size: .875rem; }
        th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; min-width: 6.25rem; }
        th { overflow-wrap: break-word; }
        thead th, .facts th { background: var(--shade); }
        tbody th { font-weight: 600; }
        .facts th { width: 14rem; }
        .good { color: var(--good); font-weight: 600; }
        .bad { color: var(--bad); font-weight: 600; }
        .open { color: var(--open); font-weight: 600; }
        figure { margin: 1rem 0; }
        figcaption { font-size: .875rem; color: var(--soft); overflow-wrap: anywhere; }
        svg { width: 100%; height: auto; display: block; }
        svg text { fill: var(--ink); font: 12px system-ui, "Segoe UI", Arial, sans-serif; }
        .axis { stroke: var(--line); stroke-width: 1; }
        .canary { stroke: var(--canary); stroke-width: 2.5; fill: none; }
        .stable { stroke: var(--stable); stroke-width: 2.5; fill: none; stroke-dasharray: 6 4; }
        .dot-canary { fill: var(--canary); }
        .dot-stable { fill: var(--stable); }
        .verdict { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 2 3; }
        @media print {
          :root {
            --paper: #ffffff; --ink: #000000; --soft: #333333; --line: #999999; --shade: #f1f4f7; --link: #000000;
            --good: #0f6b33; --bad: #a81e1e; --open: #7a4b00; --canary: #b3400a; --stable: #0b57a4;
          }
          @page { margin: 15mm; }
          body { padding: 0; max-width: none; font-size: 10pt; }
          nav, .skip { display: none; }
          .scroll { overflow: visible; }
          table { font-size: 8pt; }
          th, td { min-width: 4.4rem; padding: .2rem .3rem; }
          h2, h3, caption { break-after: avoid; }
          tr, figure { break-inside: avoid; }
          thead { display: table-header-group; }
          tbody tr:first-child { break-before: avoid; }
          a { text-decoration: none; }
        }

        """;
}
