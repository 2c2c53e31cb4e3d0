/** Style sheet of a report: light and dark, on a screen and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--paper:#fff;--tile:#f3f5f7;--rule:#d5dae0;--link:#0b5cad;
--done:#2f8f5b;--empty:#9fb8a8;--failed:#c2413a;--blocked:#d98a2b;--pending:#8a94a0;--skipped:#c9cfd6;--invalid:#8e4fb5;--running:#3d7fc4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--dim:#9aa5b1;--paper:#14171b;--tile:#1f242a;--rule:#363d46;--link:#7db8f2;
--done:#4fb57d;--empty:#6d8577;--failed:#e2685f;--blocked:#e0a04e;--pending:#7d8894;--skipped:#4a525c;--invalid:#b98ad6;--running:#6aa5e0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:1.5rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}
p{margin:.3rem 0}.dim{color:var(--dim)}a{color:var(--link)}
.badge{display:inline-block;padding:0 .6em;border-radius:1em;border:2px solid currentColor;font-size:1rem;vertical-align:middle}
b.completed,.done-text{color:var(--done)}b.partial{color:var(--blocked)}b.failed,b.cancelled{color:var(--failed)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;margin:1rem 0}
.tile{background:var(--tile);border:1px solid var(--rule);border-radius:.5rem;padding:.6rem .9rem}
.tile strong{display:block;font-size:1.5rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--rule)}
th,td{min-width:5rem}th.n,td.n{min-width:0}
th{color:var(--dim);font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.wide{overflow-x:auto}.sample td{min-width:7rem}
.sources{font-size:.85em;color:var(--dim)}.status{font-style:italic;color:var(--dim)}
pre{background:var(--tile);border:1px solid var(--rule);border-radius:.5rem;padding:.8rem;white-space:pre-wrap}
svg{width:100%;height:auto;print-color-adjust:exact;-webkit-print-color-adjust:exact}
svg.parts{height:.8rem;min-width:6rem;display:block}
svg text{fill:var(--dim);font:11px system-ui,sans-serif}
@media screen and (max-width:40rem){svg text{font-size:20px}svg text.day:not(:nth-of-type(3n)){display:none}}
.axis{stroke:var(--rule)}
polyline{fill:none;stroke-width:2}.of-done{stroke:var(--done)}.of-failed{stroke:var(--failed)}.of-running{stroke:var(--running);stroke-dasharray:4 3}
.key{display:inline-block;width:.8em;height:.8em;margin-right:.3em;border-radius:.15em;print-color-adjust:exact;-webkit-print-color-adjust:exact}
rect.done,rect.completed{fill:var(--done)}rect.empty{fill:var(--empty)}rect.failed,rect.cancelled{fill:var(--failed)}
rect.blocked,rect.partial{fill:var(--blocked)}rect.pending{fill:var(--pending)}rect.skipped{fill:var(--skipped)}
.key.done{background:var(--done)}.key.empty{background:var(--empty)}.key.failed{background:var(--failed)}.key.blocked{background:var(--blocked)}
.key.pending{background:var(--pending)}.key.skipped{background:var(--skipped)}.key.running{background:var(--running)}
@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--paper:#fff;--tile:#fff;--rule:#bbb;--link:#000;--done:#2f8f5b;--empty:#9fb8a8;--failed:#c2413a;--blocked:#d98a2b;--pending:#8a94a0;--skipped:#c9cfd6;--running:#3d7fc4}
body{max-width:none;padding:0;font-size:10pt}h2{break-after:avoid}tr,svg,.tile{break-inside:avoid}.wide{overflow:visible}}
`;
