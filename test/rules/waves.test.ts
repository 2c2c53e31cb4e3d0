import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RunPolicy } from '../../src/contract/pipeline.ts';
import type { ScanResult } from '../../src/contract/results.ts';
import type { Column } from '../../src/contract/table.ts';
import {
  isNamed,
  wasRerun,
  isWaitingAfter,
  type CellAttempts,
} from '../../src/rules/cells/attempts.ts';
import { classifyCells } from '../../src/rules/cells/cells.ts';
import { classifyIdle } from '../../src/rules/passes/idle.ts';
import {
  isRerun,
  recordPass,
  nextPass,
  quietMsOf,
  type PassKind,
  type PassHistory,
  type WaitEnd,
} from '../../src/rules/passes/passes.ts';
import { nextPollMs } from '../../src/rules/passes/polling.ts';
import { startTracking, recordReading } from '../../src/rules/passes/tracking.ts';
import { LateQueue, type Late } from './late-queue.ts';

const STALL_MS = 30 * 60_000;
const POLICY: RunPolicy = {
  mode: 'new',
  failedPasses: 2,
  tolerateFailed: 0,
  deadlineMs: 0,
  stallAfterMs: STALL_MS,
  minPollIntervalMs: 2_000,
  maxPollIntervalMs: 120_000,
};

const column = (key: string, dependsOn: string[], ours = true): Column => ({
  id: key,
  key,
  name: key,
  input: false,
  ours,
  dependsOn,
});

/** Tables, whose columns each wait for so many of those before them. */
const TABLES: Record<string, Column[]> = {
  generic: [column('a', []), column('b', ['a']), column('c', ['b'])],
  company: [
    ...[column('profile', [], false), column('name', ['profile'], false)],
    ...[column('a', ['name']), column('b', ['name', 'a']), column('c', ['name'])],
  ],
};

interface Ended {
  cells: ScanResult['cells'];
  runs: number;
  tookMs: number;
  scans: number;
}

/** Plays a whole run by the rules alone. */
function play(
  columns: Column[],
  rows: number,
  late: Late,
  api: { cellMs: number; seed: number },
): Ended {
  const fails = (row: number, key: string, tries: number): boolean => {
    const draw = (row * 7 + key.length * 13 + (key.codePointAt(0) ?? 0) * 5 + api.seed) % 11;
    return (
      columns.some((one) => one.key === key && one.ours) &&
      (draw === 0 || (draw === 1 && tries === 1))
    );
  };
  const table = new LateQueue(columns, rows, late, { cellMs: api.cellMs, fails });
  let nowMs = 0;
  let tries = new Map<string, CellAttempts>();
  let found: ScanResult | null = null;
  let log: PassHistory | null = null;
  let kind: PassKind | null = 'first';
  let scans = 0;
  for (let passes = 0; kind !== null; passes += 1) {
    if (passes > 200) throw new Error('it does not end');
    const doneAtStart = table.status().cellsDone;
    const requestedCells = ask(table, kind, tries, found);
    const waits = kind === 'wait';
    let watch = startTracking(
      {
        doneAtStart,
        requestedCells,
        requireProgress: waits || kind === 'nudge',
        ...(waits ? { quietMs: quietMsOf(log?.waits ?? 0, STALL_MS) } : {}),
      },
      nowMs,
    );
    let verdict = classifyIdle(watch, POLICY, nowMs);
    while (verdict === 'running') {
      nowMs += watch.last === null ? 0 : nextPollMs(watch, POLICY, nowMs);
      table.advance(nowMs);
      watch = recordReading(watch, table.status(), nowMs);
      verdict = classifyIdle(watch, POLICY, nowMs);
    }
    const end: WaitEnd = verdict;
    const scan: { found: ScanResult; tries: Map<string, CellAttempts> } = look(
      table,
      columns,
      kind,
      tries,
    );
    scans += 1;
    log = recordPass(log, kind, end, found, scan.found);
    ({ found, tries } = scan);
    kind = nextPass(found, log, POLICY);
  }
  if (found === null) throw new Error('it never looked');
  return { cells: found.cells, runs: table.runs, tookMs: nowMs, scans };
}

function ask(
  table: LateQueue,
  kind: PassKind,
  tries: ReadonlyMap<string, CellAttempts>,
  found: ScanResult | null,
): number {
  if (kind === 'wait')
    return (found?.inFlight ?? 0) + (found?.waiting ?? 0) + (found?.untouched ?? 0);
  if (isRerun(kind)) return table.run('failed', () => true);
  return table.run('pending', (row, key) => {
    const known = tries.get(`${row}/${key}`);
    return kind === 'first' || known === undefined || isNamed(kind, known);
  });
}

/** Returns the findings of a scan of the table, as the activity that reads it does. */
function look(
  table: LateQueue,
  columns: Column[],
  kind: PassKind,
  before: ReadonlyMap<string, CellAttempts>,
) {
  const tries = new Map<string, CellAttempts>();
  const found: ScanResult = {
    scan: 1,
    rows: table.rows.length,
    byColumn: {},
    inFlight: 0,
    startable: 0,
    repaired: 0,
    cells: { done: 0, empty: 0, failed: 0, blocked: 0, pending: 0 },
    neverRerun: 0,
    behindAutomatic: 0,
    waiting: 0,
    untouched: 0,
    due: 0,
    automatic: { done: 0, failed: 0 },
  };
  for (const row of table.rows.keys()) {
    const readings = table.readings(row);
    for (const [key, verdict] of classifyCells(columns, readings)) {
      const { outcome: status, inFlight, startable } = verdict;
      if (columns.some((one) => one.key === key && !one.ours)) {
        if (status === 'done') found.automatic = { done: found.automatic.done + 1, failed: 0 };
        continue;
      }
      found.cells[status] += 1;
      if (inFlight) found.inFlight += 1;
      if (startable) found.startable += 1;
      const name = `${row}/${key}`;
      const known = before.get(name);
      const rerun = wasRerun(kind, known);
      if (status === 'done') {
        if (known?.status === 'failed' || known?.rerun === true) found.repaired += 1;
        continue;
      }
      const failedAt = readings[key]?.failedAt ?? '';
      const waiting = isWaitingAfter(kind, known, { status, inFlight, failedAt });
      if (waiting) found[status === 'failed' ? 'untouched' : 'waiting'] += 1;
      else if (startable) found.due += 1;
      if (status === 'failed' && !rerun) found.neverRerun += 1;
      tries.set(name, { status, inFlight, attempts: 1, rerun, startable, waiting, failedAt });
    }
  }
  return { found, tries };
}

const belowStall = fc.oneof(
  fc.integer({ min: 0, max: 60_000 }),
  fc.integer({ min: 0, max: STALL_MS - 60_000 }),
);

test.each(Object.entries(TABLES))(
  'for every lag and gap below the stall time the outcome is that without (%s)',
  (_name, columns) => {
    fc.assert(
      fc.property(
        fc.record({ startLagMs: belowStall, gapMs: belowStall }),
        fc.integer({ min: 1, max: 8 }),
        fc.record({ cellMs: fc.integer({ min: 500, max: 180_000 }), seed: fc.nat(100) }),
        (late, rows, api) => {
          const without = play(columns, rows, { startLagMs: 0, gapMs: 0 }, api);
          const withLag = play(columns, rows, late, api);
          expect([withLag.cells, withLag.runs]).toEqual([without.cells, without.runs]);
        },
      ),
      { numRuns: 200 },
    );
  },
);

test('without lag or gap no time is lost waiting', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(TABLES)),
      fc.integer({ min: 1, max: 8 }),
      fc.record({ cellMs: fc.integer({ min: 500, max: 180_000 }), seed: fc.nat(100) }),
      (columns, rows, api) => {
        const { tookMs, runs } = play(columns, rows, { startLagMs: 0, gapMs: 0 }, api);
        // A settling time for each run, and what its cells take one after the other.
        expect(tookMs).toBeLessThan(runs * (columns.length * api.cellMs * 1.2 + 60_000));
      },
    ),
    { numRuns: 100 },
  );
});

test('what is never queued is given up after two stall times', () => {
  const columns = TABLES['company'] ?? [];
  const lost = { startLagMs: Number.MAX_SAFE_INTEGER, gapMs: 0 };
  const { cells, runs, tookMs } = play(columns, 3, lost, { cellMs: 1_000, seed: 1 });
  expect([cells.pending, runs]).toEqual([9, 2]);
  expect(tookMs).toBeLessThan(3 * STALL_MS);
});

test('a table that is queued piece by piece is not read after every piece', () => {
  const columns = Array.from({ length: 40 }, (_, at) =>
    column(`c${at}`, at === 0 ? [] : [`c${at - 1}`]),
  );
  const { cells, scans } = play(
    columns,
    1,
    { startLagMs: 0, gapMs: 8_000 },
    { cellMs: 3_000, seed: 3 },
  );
  expect(cells.pending).toBe(0);
  expect(scans).toBeLessThan(10);
});
