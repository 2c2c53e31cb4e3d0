import { expect, test } from '@jest/globals';
import stringWidth from 'string-width';
import type { FreshRun } from '../../src/client/runs/lookup/fresh-runs.ts';
import { needsPerson } from '../../src/client/runs/lookup/needs-person.ts';
import { tableOf } from '../../src/cli/actions/list.ts';

const NOW = new Date('2026-01-31T21:30:00');

const run = (changes: Partial<FreshRun>): FreshRun => ({
  workflowId: 'companies-2026-01-31T21:03:00Z',
  runId: 'r',
  pipeline: 'companies',
  status: 'RUNNING',
  stage: 'running',
  progress: '50 %, pass 1',
  outcome: null,
  rows: 12_345,
  failedCells: 0,
  tableId: null,
  openCells: 0,
  trouble: null,
  startedAt: new Date('2026-01-31T21:03:00').toISOString(),
  durationMs: 27 * 60_000 + 5_000,
  ...changes,
});

const widths = (text: string): number[] => text.split('\n').map((line) => stringWidth(line));

test('a list with usual ids fits into 80 columns', () => {
  const yesterday = new Date('2026-01-30T02:30:00').toISOString();
  const ended = { status: 'COMPLETED', outcome: 'completed', startedAt: yesterday };
  const text = tableOf([run({}), run({ ...ended, durationMs: 8_000_000 })], NOW);
  expect(text.split('\n')).toEqual([
    'run                             stands at       rows  open  started',
    'companies-2026-01-31T21:03:00Z  50 %, pass 1  12,345     0  21:03, 27 min',
    'companies-2026-01-31T21:03:00Z  completed     12,345     0  01-30, 2 h',
  ]);
  expect(Math.max(...widths(text))).toBeLessThanOrEqual(80);
});

test('ids that leave no room have their own lines, whole', () => {
  const workflowId = `${'customer-'.repeat(8)}4711`;
  const waiting = { stage: 'waiting for credentials', progress: null };
  const text = tableOf([run({ workflowId, ...waiting }), run({})], NOW);
  expect(text).toContain(`\n${workflowId}\n  waiting for credentials`);
  expect(Math.max(...widths(text))).toBeLessThanOrEqual(80);
});

test.each([
  [{ stage: 'waiting for approval' }, true],
  [{ stage: 'paused' }, true],
  [{}, false],
  [{ status: 'COMPLETED', outcome: 'partial', stage: null }, true],
  [{ status: 'COMPLETED', outcome: 'cancelled', stage: null }, true],
  [{ status: 'TERMINATED', outcome: 'terminated', stage: null }, true],
  [{ status: 'COMPLETED', outcome: 'completed', stage: null }, false],
])('a run that is %j needs a person: %s', (changes, needs) => {
  expect(needsPerson(run(changes))).toBe(needs);
});
