import { expect, test } from '@jest/globals';
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { formatCount, formatDuration, formatBytes } from '../../src/cli/io/format.ts';
import { sanitize } from '../../src/cli/io/sanitize.ts';
import { sanitizeJson } from '../../src/contract/control-characters.ts';
import { lineView } from '../../src/cli/progress/line-view.ts';
import { drawing } from '../../src/cli/progress/terminal-view.ts';
import type { ViewState } from '../../src/cli/progress/index.ts';
import { textTable } from '../../src/cli/io/table.ts';
import { uiLink } from '../../src/text/ui-link.ts';
import type { LiveProgress } from '../../src/client/runs/lookup/live-progress.ts';

const NOW = Date.UTC(2026, 0, 31, 2, 30);

const progress: LiveProgress = {
  pendingApproval: null,
  quietSinceMs: null,
  stallAfterMs: 1_800_000,
  paused: null,
  rerunRequested: false,
  maxPollIntervalMs: 120_000,
  creditsSpent: 0,
  balanceChange: null,
  usage: null,
  creditsMissing: null,
  results: [],
  folder: null,
  notified: [],
  pipeline: 'sp500',
  stage: 'running',
  outcome: null,
  startedAtMs: NOW - 100_000,
  deadlineAtMs: NOW + 3_600_000,
  asOfMs: NOW,
  tableId: 't',
  tableUrl: null,
  rows: 503,
  pass: 1,
  cells: { total: 1509, done: 724, inProgress: 50, failed: 3 },
  byColumn: {},
  cellsPerMinute: 120,
  leftMs: 390_000,
  estimatedCredits: 1509,
  creditsBefore: 10_000,
  apiCalls: { total: 41, polls: 12 },
  problem: null,
  reason: null,
  rowsMoved: null,
  attempt: 1,
  lastFailure: null,
};

const viewState = (
  changes: Partial<LiveProgress> = {},
  rest: Partial<ViewState> = {},
): ViewState => ({
  workflowId: 'sp500-1',
  progress: { ...progress, ...changes },
  warning: null,
  ui: 'http://127.0.0.1:8233/namespaces/default/workflows/sp500-1/r/history',
  nowMs: NOW,
  ...rest,
});

const plain = { style: (_style: unknown, text: string): string => text };

test('the drawing shows stage, share, counts, pace, costs and the link', () => {
  expect(drawing(plain, viewState(), 100)).toEqual([
    'sp500-1  running, pass 1',
    `${'█'.repeat(19)}${'░'.repeat(21)} 47 %`,
    'cells done 724 of 1,509   failed 3   left 782   in progress 50',
    '120 cells/min   about 6 min 30 s left in this pass   1 min 40 s gone',
    'API calls 41 (12 polls)   credits about 1,509',
    'http://127.0.0.1:8233/namespaces/default/workflows/sp500-1/r/history',
  ]);
});

test('failed cells that a pass in progress may have done are those of the last table scan', () => {
  const cells = { total: 1509, done: 1509, inProgress: 0, failed: null };
  const byColumn = { a: { done: 500, empty: 0, failed: 3, blocked: 0, pending: 0 } };
  expect(drawing(plain, viewState({ pass: 2, cells, byColumn }), 100)).toContain(
    'cells done 1,509 of 1,509   failed 3 at the last table scan   left 0',
  );
  expect(drawing(plain, viewState({ pass: 1, cells }), 100)).toContain(
    'cells done 1,509 of 1,509   left 0',
  );
});

test('the usage so far is shown once a provider reports it', () => {
  const usage = { requests: 503, price: 0.267416, inputTokens: 70_200, outputTokens: 15_877 };
  expect(drawing(plain, viewState({ usage }), 100)).toContain(
    'API calls 41 (12 polls)   credits about 1,509   price so far 0.2674',
  );
});

test('credits of cells asked for stand beside the estimate', () => {
  expect(drawing(plain, viewState({ creditsSpent: 400 }), 100)).toContain(
    'API calls 41 (12 polls)   credits about 1,509, 400 asked for so far',
  );
});

test('a run that waits for credits says how many are missing, whatever failed before', () => {
  const waiting = {
    ...({ stage: 'waiting for credits', creditsMissing: 120, attempt: 2 } as const),
    lastFailure: 'activity Heartbeat timeout',
    problem: 'answered 402. Top up the account: … `rowmill resume sp500-1`.',
  };
  expect(drawing(plain, viewState(waiting), 200).join('\n')).toContain(
    '! about 120 credits are missing; answered 402. Top up the account: … `rowmill resume sp500-1`.',
  );
});

test.each([
  'activity Heartbeat timeout',
  'Worker is shutting down and this activity did not complete in time',
])('a step that another worker took over is described in plain words (%s)', (lastFailure) => {
  expect(drawing(plain, viewState({ lastFailure, attempt: 2 }), 100)).toContain(
    '! attempt 2: the worker before it stopped or was lost',
  );
});

test('every line except the link fits the terminal, whatever a problem contains', () => {
  const nasty = `\u001b[2J\u0007${'失敗'.repeat(60)}`;
  const colourful = {
    style: (style: Parameters<typeof styleText>[0], text: string): string =>
      styleText(style, text, { validateStream: false }),
  };
  const lines = drawing(colourful, viewState({ lastFailure: nasty, attempt: 3 }), 60);
  for (const line of lines.slice(0, -1)) expect(stringWidth(line)).toBeLessThan(60);
  expect(lines.join('')).not.toMatch(/\u001b\[2J|\u0007/);
  expect(lines.join('')).toContain('attempt 3 after: ');
});

test('a log has a line for each change or half minute', () => {
  const said: string[] = [];
  const view = lineView({ log: (line) => void said.push(line) });
  const at = (afterMs: number, changes: Partial<LiveProgress> = {}): void =>
    view.show(viewState(changes, { nowMs: NOW + afterMs }));
  at(0);
  at(1_000, { cells: { ...progress.cells, done: 800 } });
  at(29_999);
  expect(said).toHaveLength(1);
  at(30_000);
  at(31_000, { problem: 'the provider is busy' });
  at(32_000, { problem: 'the provider is busy' });
  at(33_000, { stage: 'collecting results', rowsMoved: 100 });
  expect(said.map((line) => line.slice(0, 60))).toEqual([
    '02:30:00Z running, pass 1: cells done 724 of 1,509, failed 3',
    '02:30:30Z running, pass 1: cells done 724 of 1,509, failed 3',
    '02:30:31Z running, pass 1: cells done 724 of 1,509, failed 3',
    '02:30:31Z ! the provider is busy',
    '02:30:33Z collecting results, pass 1: rows read 100 of 503, ',
  ]);
});

test('before any progress only the warning is shown', () => {
  const lines = drawing(
    plain,
    viewState({}, { progress: null, warning: 'no worker', ui: null }),
    80,
  );
  expect(lines).toEqual(['sp500-1  no worker answers', '! no worker']);
});

test('a link survives every character of an id', () => {
  const run = { workflowId: 'a/b c%', runId: 'r' };
  expect(uiLink('http://ui:8080/', 'ns', run)).toBe(
    'http://ui:8080/namespaces/ns/workflows/a%2Fb%20c%25/r/history',
  );
  expect(uiLink(null, 'ns', run)).toBeNull();
});

test('figures read like figures', () => {
  expect([0, 61_000, 3_600_000, 8_040_000, 97_200_000].map(formatDuration)).toEqual([
    '0 s',
    '1 min 1 s',
    '1 h',
    '2 h 14 min',
    '1 d 3 h',
  ]);
  expect([0, 999, 1_400, 420_000, 9_960_000, 12e9].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.4 kB',
    '420 kB',
    '10.0 MB',
    '12 GB',
  ]);
  expect([formatCount(1, 'row'), formatCount(1509, 'cell')]).toEqual(['1 row', '1,509 cells']);
});

test('columns line up for wide letters', () => {
  const table = textTable(
    [
      { title: 'run', maxWidth: 6 },
      { title: 'n', align: 'right' },
    ],
    [
      ['東京', '1'],
      ['longer than six', '22'],
    ],
  );
  expect(table.split('\n')).toEqual(['run      n', '東京     1', 'longe…  22']);
});

test('control characters are escaped for a terminal', () => {
  expect(sanitize('a\u001b[31mb\u0007\u202ec\n\td')).toBe('a�[31mb��c\n\td');
  const value = { text: 'a\u001b\u0085\u2028\u202eé😀' };
  expect(sanitizeJson(value)).not.toMatch(/[\u001b\u0085\u2028\u202e]/);
  expect(JSON.parse(sanitizeJson(value))).toEqual(value);
});
