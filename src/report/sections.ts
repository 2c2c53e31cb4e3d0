import { CHANGE_KINDS, type CellCounts } from '../contract/results.ts';
import type { Json } from '../contract/json.ts';
import { percentText } from '../text/expectations.ts';
import {
  formatCount,
  formatCredits,
  formatDuration,
  formatInteger,
  formatTime,
} from '../text/numbers.ts';
import {
  approvalFacts,
  cautionFacts,
  ceilingText,
  knownPriceText,
  PRICE_IS_OF,
  unusedFacts,
} from '../text/run-facts.ts';
import { canaryText } from '../text/canary.ts';
import { shellQuote } from '../text/shell.ts';
import { shorten } from '../text/shorten.ts';
import { partsBar, progressChart, runsChart } from './charts.ts';
import { MAX_CHANGED_COLUMNS, type ReportFacts, type SampleCell, type SampleRow } from './facts.ts';
import { markup, link, table, type Html, type Part } from './markup.ts';

/** Sections of a report, each from the facts alone. Longest texts and lists bound their size. */

const MAX_NAME = 80;
const MAX_REASON = 300;
const MAX_VALUE = 120;
const MAX_WHY = 1_000;
const MAX_COLUMNS = 60;
const MAX_NOTES = 20;

const name = (text: string): string => shorten(text, MAX_NAME);
const section = (title: string, content: Part): Html =>
  markup`<section>
    <h2>${title}</h2>
    ${content}
  </section> `;
const none = (text: string): Html => markup`<p class="dim">${text}</p>`;
const time = (iso: string): string => {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? iso : formatTime(ms);
};

/** Outcome and why, when, and what a reader should know first. */
export function outcomeSection(facts: ReportFacts): Html {
  const { summary, startedAt, finishedAt, tableUrl } = facts;
  const tookMs = Date.parse(finishedAt) - Date.parse(startedAt);
  const took = Number.isNaN(tookMs) ? '' : `, ${formatDuration(tookMs)}`;
  return markup`<header>
    <h1>${facts.pipeline} <b class="badge ${summary.outcome}">${summary.outcome}</b></h1>
    <p>
      ${shorten(summary.reason ?? 'Every cell that was asked for has its answer, as far as the pipeline demands.', MAX_WHY)}
    </p>
    <p class="dim">
      Run ${shorten(summary.workflowId, MAX_REASON)} · ${facts.provider} · ${time(startedAt)} to
      ${time(finishedAt)}${took}${tableUrl === null ? null : markup` · ${link(tableUrl, 'table')}`}
    </p>
    ${notesOf(facts)}
  </header> `;
}

const asIs = (text: string): string => text;

function notesOf({ summary }: ReportFacts): Html | null {
  const { canary, ceiling, budget } = summary;
  const notes: [string, string][] = [
    ...cautionFacts(summary, asIs),
    ...unusedFacts(summary),
    ...approvalFacts(summary, asIs),
  ];
  if (canary !== undefined) notes.push(['canary', canaryText(canary)]);
  if (ceiling !== undefined) notes.push(['ceiling', ceilingText(ceiling)]);
  if (budget !== undefined) {
    notes.push(['day budget', `${budget.name}, ${formatCredits(budget.credits)} credits reserved`]);
  }
  if (notes.length === 0) return null;
  const shown = notes.slice(0, MAX_NOTES);
  return markup`<ul>
    ${shown.map(([what, text]) => markup`<li>${what}: ${shorten(text, MAX_REASON)}</li> `)}
  </ul> `;
}

/** Rows, cells, credits, price. */
export function tilesSection({ summary }: ReportFacts): Html {
  const { rows, cells, creditsSpent, estimatedCredits, usage, passes } = summary;
  const tile = (value: string, what: string, more: string): Html =>
    markup`<div class="tile">
      <strong>${value}</strong>${what}<br /><span class="dim">${more}</span>
    </div> `;
  return markup`<div class="tiles">
    ${tile(formatInteger(rows), rows === 1 ? 'row' : 'rows', formatCount(passes, 'pass', 'passes'))}${tile(
      formatInteger(cells.done),
      'cells done',
      `of ${formatInteger(askedOf(cells))}`,
    )}${tile(formatCredits(creditsSpent), 'credits', `${formatCredits(estimatedCredits)} estimated`)}${tile(
      usage === null ? '–' : knownPriceText(usage),
      'price',
      usage === null ? 'not reported by the provider' : PRICE_IS_OF,
    )}
  </div> `;
}

const askedOf = ({ done, empty, failed, blocked, pending }: CellCounts): number =>
  done + empty + failed + blocked + pending;

const key = (kind: string): Html => markup`<span class="key ${kind}"></span>${kind} `;

export function timeSection({ readings }: ReportFacts): Html {
  const chart = progressChart(readings);
  const content =
    chart === null
      ? none('Too few readings of the table for a chart.')
      : markup`${chart}
          <p class="dim">${[key('done'), key('failed'), key('running')]}</p>`;
  return section('Cells over time', content);
}

const STATUSES = ['done', 'empty', 'failed', 'blocked', 'pending', 'skipped'] as const;

export function columnsSection({ byColumn }: ReportFacts): Html {
  const columns = Object.entries(byColumn);
  if (columns.length === 0) return section('Columns', none('The table was not read.'));
  const rows = columns
    .slice(0, MAX_COLUMNS)
    .map(([column, counts]) => [
      name(column),
      partsBar(STATUSES.map((status) => [status, counts[status] ?? 0])),
      ...STATUSES.map((status) => formatInteger(counts[status] ?? 0)),
    ]);
  const more = columns.length - rows.length;
  return section('Columns', [
    table(['column', '', ...STATUSES.map(key)], rows, [2, 3, 4, 5, 6, 7]),
    more > 0 ? none(`${formatCount(more, 'more column')}.`) : null,
  ]);
}

export function passesSection({ passes }: ReportFacts): Html {
  if (passes.length === 0) return section('Passes', none('No cells were asked for.'));
  const rows = passes.map(({ pass, kind, at, cells, credits, repaired }) => [
    formatInteger(pass),
    name(kind),
    time(at),
    formatInteger(cells),
    formatCredits(credits),
    formatInteger(repaired),
  ]);
  const head = ['pass', 'kind', 'started', 'cells asked for', 'credits', 'failed cells repaired'];
  return section('Passes', table(head, rows, [0, 3, 4, 5]));
}

export function runsSection({ runs }: ReportFacts): Html {
  const filled = runsChart(runs, {
    name: 'fill rate by run',
    valueOf: (run) => run.filled,
    textOf: (share) => (share === null ? 'not read' : percentText(share)),
    max: 1,
  });
  const credits = runsChart(runs, {
    name: 'credits by run',
    valueOf: (run) => run.credits,
    textOf: (sum) => formatCredits(sum ?? 0),
  });
  return section(`Last ${formatCount(runs.length, 'run')} of this pipeline`, [
    markup`<p>Fill rate: cells with a value</p> `,
    filled,
    markup`<p>Credits by cells asked for</p> `,
    credits,
  ]);
}

export function quarantineSection({ reasons, otherReasons }: ReportFacts): Html {
  if (reasons.length === 0) return section('Quarantine', none('Nothing is in quarantine.'));
  const rows: Part[][] = reasons.map(({ reason, cells }) => [
    shorten(reason, MAX_REASON),
    formatInteger(cells),
  ]);
  if (otherReasons > 0) rows.push(['other reasons', formatInteger(otherReasons)]);
  return section('Quarantine', table(['reason', 'cells or rows'], rows, [1]));
}

export function expectationsSection({ summary }: ReportFacts): Html {
  const { expectations = [] } = summary;
  if (expectations.length === 0) return section('Expectations', none('The pipeline has none.'));
  const rows = expectations
    .slice(0, MAX_COLUMNS)
    .map(({ column, rule, wanted, found, met }) => [
      name(column),
      rule,
      percentText(wanted),
      percentText(found),
      met ? 'met' : 'not met',
    ]);
  return section('Expectations', table(['column', 'rule', 'wanted', 'found', ''], rows, [2, 3]));
}

const valueText = (value: Json): string =>
  value === null
    ? '–'
    : shorten(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE);

export function changesSection({ summary, changes }: ReportFacts): Html {
  const { changes: counts, changesProblem } = summary;
  if (counts === undefined) {
    const why = changesProblem ?? 'Nothing was published that could be compared.';
    return section('Changes', none(shorten(why, MAX_REASON)));
  }
  const { since } = counts;
  const text = CHANGE_KINDS.map((kind) => `${formatInteger(counts[kind])} ${kind}`).join(', ');
  const before = since === null ? 'first publication' : `since ${shorten(since, MAX_REASON)}`;
  const rows = changes.map(({ key: row, change, columns }) => {
    const differing = Object.entries(columns);
    return [
      name(row),
      change,
      differing
        .slice(0, MAX_CHANGED_COLUMNS)
        .map(
          ([column, { from, to }]) =>
            markup`${name(column)}: ${valueText(from)} → ${valueText(to)}<br />`,
        ),
    ];
  });
  return section('Changes', [
    markup`<p>${text} (${before})</p> `,
    rows.length === 0 ? null : table(['first rows', 'change', 'answers'], rows),
  ]);
}

export function repeatSection({ summary }: ReportFacts): Html {
  const run = shellQuote(summary.workflowId);
  const lines = [
    ['results', `${run} --format csv`, 'the results'],
    ['report', `${run} --open`, 'this page again'],
    ['changes', run, 'rows that differ from the publication before'],
    ['rerun', run, 'asks again for cells without an answer'],
  ].map(([command = '', rest = '', what = '']) => markup`# ${what}\nrowmill ${command} ${rest}\n`);
  return section('How to repeat', markup`<pre>${lines}</pre>`);
}

/** Sample of rows with sources: as many as fit into these bytes. */
export function sampleSection({ sample, columns }: ReportFacts, maxBytes: number): Html {
  if (sample.length === 0) return section('First rows', none('There are no rows.'));
  const rows: Part[][] = [];
  let bytes = 0;
  for (const row of sample) {
    const cells = rowOf(row, columns);
    bytes += Buffer.byteLength(table([], [cells]).text);
    if (bytes > maxBytes) break;
    rows.push(cells);
  }
  if (rows.length === 0)
    return section('First rows', none('The first row is too long to be shown.'));
  const title = rows.length === 1 ? 'First row' : `First ${formatInteger(rows.length)} rows`;
  const shown = table(['row', ...columns.map(name)], rows);
  return section(title, markup`<div class="sample">${shown}</div>`);
}

const rowOf = ({ key: row, cells }: SampleRow, columns: readonly string[]): Part[] => [
  name(row),
  ...columns.map((column) => {
    const cell = Object.hasOwn(cells, column) ? cells[column] : undefined;
    return cell === undefined ? '–' : cellOf(cell);
  }),
];

function cellOf({ status, text, sources }: SampleCell): Html {
  const answer =
    status === 'done' ? markup`${text}` : markup`<span class="status">${status}</span>`;
  if (sources.length === 0) return answer;
  const links = sources.map(({ text: title, url }, at) => [
    at === 0 ? null : ' · ',
    url === null ? title : link(url, title),
  ]);
  return markup`${answer}<div class="sources">${links}</div>`;
}
