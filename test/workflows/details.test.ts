import { expect, test } from '@jest/globals';
import type { RunProgress } from '../../src/contract/run.ts';
import { staticDetails } from '../../src/client/runs/metadata.ts';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import { inlineCode, link } from '../../src/text/markdown.ts';
import { renderDetails } from '../../workflows/view/details.ts';
import { CASES } from '../support/providers/cases.ts';

const EVIL = [
  '[click](javascript:alert(1))',
  '![x](https://evil.example/pixel.png)',
  '`` ` ``` <img src=x onerror=alert(1)>',
  'a`\n```\n# heading\n[x](https://evil.example)',
  'https://evil.example/login',
  '</code><script>alert(1)</script>',
  '\u202egnp.exe\u2066\u001b[2J\u009b2J\u2028# x',
];

/** Returns the text outside of code, which a renderer of Markdown interprets. */
const outsideCode = (markdown: string): string =>
  markdown.replace(/^```\n[^`]*\n```$/gm, '').replace(/`[^`\n]+`/g, '');

const progress = (evil: string): RunProgress => ({
  stage: 'running',
  outcome: null,
  pass: 1,
  rows: 1,
  startedAtMs: 0,
  deadlineAtMs: 1,
  pipeline: evil,
  tableId: evil,
  tableUrl: evil,
  problem: evil,
  reason: evil,
  asOfMs: 0,
  leftMs: null,
  cells: { total: 1, done: 1, failed: 0, inProgress: 0 },
  byColumn: { [evil]: { done: 1, empty: 0, failed: 0, blocked: 0, pending: 0 } },
  cellsPerMinute: null,
  estimatedCredits: 1,
  creditsBefore: null,
  creditsSpent: 0,
  balanceChange: null,
  usage: null,
  creditsMissing: null,
  rerunRequested: true,
  maxPollIntervalMs: 1_000,
  apiCalls: { total: 1, polls: 0 },
  results: [evil],
  folder: evil,
  pendingApproval: null,
  quietSinceMs: null,
  stallAfterMs: 1,
  paused: { sinceMs: 0, at: 'running', by: evil, reason: evil },
  notified: [{ url: evil, id: evil, status: 'failed', problem: evil }],
});

test.each(EVIL)('text from outside stays text in the details: %j', (evil) => {
  for (const details of [
    renderDetails({ ...progress(evil), tableUrl: `javascript:${evil}` }),
    renderDetails({ ...progress(evil), tableUrl: null }),
  ]) {
    const markup = outsideCode(details);
    expect(markup).not.toMatch(/evil|javascript|alert|onerror|heading|gnp|[<>[\]]/);
    expect(details).not.toMatch(/[\u001b\u009b\u202e\u2066\u2028]/);
  }
});

const USAGE = { requests: 1_502, price: 0.808162, inputTokens: 210_797, outputTokens: 48_321 };

test('usage is shown if the provider reports it, with what it covers', () => {
  const details = renderDetails({ ...progress('x'), usage: USAGE });
  expect(details).toContain('\nprice        0.8082 (last computation of each cell)\n');
  expect(details).toContain('\ntokens       210,797 in, 48,321 out; 1,502 requests\n');
  expect(renderDetails(progress('x'))).not.toMatch(/price|tokens/);
});

test.each([
  ['in progress', 0],
  ['at its end', 1_234_567],
])('no fact of a large run %s is wider than its place in the UI', (_when, creditsSpent) => {
  const details = renderDetails({
    ...progress('x'),
    rows: 100_000,
    cells: { total: 900_000, done: 800_000, failed: null, inProgress: 5_000 },
    cellsPerMinute: 12_345,
    leftMs: 12_345_678,
    apiCalls: { total: 12_345, polls: 10_000 },
    estimatedCredits: 1_200_000,
    creditsBefore: 123_456_789,
    creditsSpent,
    duplicateRows: 12_345,
    cellsCancelled: 123_456,
    cellsCancelledIsMinimum: true,
    byColumn: { sector: { done: 1, empty: 0, failed: 123_456, blocked: 0, pending: 0 } },
    usage: {
      requests: 900_000,
      price: 12_345.67,
      inputTokens: 987_654_321,
      outputTokens: 7_654_321,
    },
  });
  const facts = /^```\n([^`]*)```$/m.exec(details)?.[1]?.split('\n') ?? [];
  expect(facts.length).toBeGreaterThan(12);
  expect(facts.filter((line) => line.length > 64)).toEqual([]);
});

test('before there is a table nothing is counted of it', () => {
  const before = {
    ...progress('x'),
    tableId: null,
    tableUrl: null,
    byColumn: {},
    folder: null,
    rows: 0,
    pass: 0,
    cells: { total: 0, done: 0, failed: null, inProgress: 0 },
  };
  const checked = renderDetails({ ...before, stage: 'preparing rows' });
  expect(checked).toContain(
    '\nrows         being checked\ncells        none yet: there is no table\n',
  );
  expect(checked).not.toMatch(/^(cells done|failed|left) |[█░]/m);
  const waits = { ...before, stage: 'waiting for approval' as const, folder: '/f', rows: 503 };
  expect(renderDetails(waits)).toContain(
    '\nrows         503\ncells        none yet: there is no table\ncredits ',
  );
  const broken = renderDetails({ ...before, stage: 'finished', outcome: 'failed' });
  expect(broken).toContain('```\ncells        none: there is no table\ncredits ');
});

test('the count of failed cells says how old it is', () => {
  const swept = { done: 113, empty: 0, failed: 3, blocked: 0, pending: 0 };
  const shown = (failed: number | null, byColumn: RunProgress['byColumn']): string =>
    renderDetails({
      ...progress('x'),
      cells: { total: 116, done: 116, failed, inProgress: 0 },
      byColumn,
    });
  expect(shown(1, { sector: swept })).toContain('\nfailed       1\n');
  expect(shown(null, { sector: swept })).toContain('\nfailed       3 at the last table scan\n');
  expect(shown(null, {})).toContain('\nfailed       known when the table is read\n');
});

test('duplicate rows and cancelled cells are shown where there are any', () => {
  const details = renderDetails({ ...progress('x'), duplicateRows: 100, cellsCancelled: 1 });
  expect(details).toContain(
    '\nduplicates   100 rows added twice: never run or published\n' +
      'cancelled    1 cell, requested and never started\n',
  );
  expect(renderDetails(progress('x'))).not.toMatch(/duplicates|cancelled/);
});

test.each(EVIL)('code cannot be left: %j', (evil) => {
  expect(inlineCode(evil)).toMatch(/^`[^`\n\r]+`$/);
});

test('code of nothing is no code that runs on', () => {
  expect(inlineCode('`')).toBe('` `');
});

test.each([
  ['javascript:alert(1)', '`javascript:alert(1)`'],
  ['JaVaScRiPt://x/%0aalert(1)', '`JaVaScRiPt://x/%0aalert(1)`'],
  ['data:text/html,x', '`data:text/html,x`'],
  ['//evil.example', '`//evil.example`'],
  ['https://', '`https://`'],
  ['https://a.example/t/1', '[T](https://a.example/t/1)'],
  ['https://a.example/)[x](javascript:y)', '[T](https://a.example/%29%20x%20%28javascript:y%29)'],
  ['https://a.example/"><b>', '[T](https://a.example/%20%20%20b%20)'],
])('a link to %s is %s', (url, shown) => {
  expect(link('T', url)).toBe(shown);
});

test.each(EVIL)('text from outside stays text in the static details: %j', (evil) => {
  // Only what the details read of a pipeline; backends may start runs with one of their own.
  const long = evil.repeat(20);
  for (const [provider, column] of [
    [evil, {}],
    ['extruct', { kind: 'agent', key: long }],
    ['promptlayer', { title: long, type: 'COUNT' }],
  ] as const) {
    const pipeline = {
      name: evil,
      provider,
      rows: { key: evil },
      table: { columns: Array.from({ length: 500 }, () => column) },
      results: Array.from({ length: 500 }, () => ({ to: long })),
    } as unknown as Pipeline;
    const details = staticDetails({ pipeline, rows: null });
    expect(outsideCode(details)).not.toMatch(/evil|javascript|alert|onerror|heading|gnp|[<>[\]]/);
    // The server takes no more.
    expect(Buffer.byteLength(details)).toBeLessThan(20_000);
  }
});

test.each(CASES)('the static details of $name name the columns that are asked', (provider) => {
  const pipeline = {
    name: 'x',
    provider: provider.name,
    rows: { key: 'k' },
    results: [],
    table: provider.tables.chain,
  } as unknown as Pipeline;
  expect(staticDetails({ pipeline, rows: null })).toMatch(
    /^- \*\*columns\*\* `sector`, `pitch`$/im,
  );
});

test('a run that was cut short names the command that continues it', () => {
  const cancelled = { outcome: 'cancelled', reason: 'cancelled', problem: 'cancelled' } as const;
  const details = renderDetails({ ...progress('x'), ...cancelled }, 'nightly-1');
  expect(details).toContain('`rowmill rerun nightly-1` asks for the cells without an answer.');
  expect(details).not.toMatch(/Last problem|cancelled:/);
});
