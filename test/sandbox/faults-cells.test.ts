import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultScript } from '../../sandbox/index.ts';
import { Caller, CITY, PITCH, SECTOR } from './caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

const INPUTS = Array.from({ length: 40 }, (_, n) => `Company ${n}`);
const LONG_MS = 10_000_000;

const withFaults = async (faults: FaultScript): Promise<void> => {
  caller = await Caller.start({ faults });
};

const countOf = async (tableId: string, key: string): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { data } of await caller.rows(tableId, '?limit=100')) {
    const word = data[key]?.status ?? 'missing';
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
};

test.each(['requested', 'in_progress'] as const)('a cell stuck in %s never moves', async (at) => {
  await withFaults({ cells: [{ name: 'hang', fault: 'stuck', share: 0.3, at }] });
  const table = await caller.table([SECTOR], INPUTS);
  await caller.run(table.id);
  caller.pass(LONG_MS);
  const counts = await countOf(table.id, 'sector');
  const stuck = INPUTS.filter((input) => caller.sandbox.truth('company', input, SECTOR).stuck);
  expect(counts).toEqual({ done: INPUTS.length - stuck.length, [at]: stuck.length });
  expect(stuck.length).toBeGreaterThan(3);
  expect(caller.sandbox.faults.hits).toEqual({ hang: stuck.length });
  expect((await caller.status(table.id)).run_status).toBe('running');
  const paid = at === 'requested' ? INPUTS.length - stuck.length : INPUTS.length;
  expect(caller.sandbox.ledger.summary().cellsPaid).toBe(paid);
});

test.each(['requested', 'in_progress'] as const)(
  'a cell stuck in %s moves after two nudges',
  async (at) => {
    await withFaults({ cells: [{ fault: 'stuck', share: 1, at, nudges: 2, columns: ['sector'] }] });
    const table = await caller.table([SECTOR, CITY], ['a', 'b', 'c']);
    await caller.run(table.id);
    caller.pass(LONG_MS);
    expect(await countOf(table.id, 'city')).toEqual({ done: 3 });
    expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
    caller.pass(LONG_MS);
    expect(await countOf(table.id, 'sector')).toEqual({ [at]: 3 });
    expect((await caller.run(table.id)).body.num_requested_cells).toBe(3);
    caller.pass(LONG_MS);
    expect(await countOf(table.id, 'sector')).toEqual({ done: 3 });
    expect(caller.sandbox.ledger.summary()).toMatchObject({
      cellsPaid: 6,
      duplicates: { cells: 0 },
    });
  },
);

test('stalled cells occupy no slot', async () => {
  caller = await Caller.start({
    concurrency: 2,
    faults: { cells: [{ fault: 'stuck', share: 0.5 }] },
  });
  const table = await caller.table([SECTOR], INPUTS);
  await caller.run(table.id);
  caller.pass(LONG_MS);
  const { done = 0, in_progress: stuck = 0 } = await countOf(table.id, 'sector');
  expect([done + stuck, done > 0, stuck > 2]).toEqual([INPUTS.length, true, true]);
});

test('failing on every try: what waits for the cell is blocked', async () => {
  await withFaults({ cells: [{ fault: 'failing', share: 1, columns: ['sector'] }] });
  const table = await caller.table([SECTOR, PITCH], ['3M']);
  for (const mode of ['new', 'failed']) {
    await caller.run(table.id, { mode });
    caller.pass(LONG_MS);
  }
  expect(await caller.column(table.id, 'sector')).toEqual(['failed']);
  expect(await caller.column(table.id, 'pitch')).toEqual(['created']);
  const truth = caller.sandbox.truth('company', '3M', PITCH, [SECTOR, PITCH]);
  expect(truth.blockedBy).toEqual(['sector']);
});

test('failing on the first try only', async () => {
  await withFaults({ cells: [{ fault: 'failing', share: 1, tries: 'first' }] });
  const table = await caller.table([SECTOR], ['3M']);
  await caller.run(table.id);
  caller.pass(LONG_MS);
  expect(await caller.column(table.id, 'sector')).toEqual(['failed']);
  await caller.run(table.id, { mode: 'failed' });
  caller.pass(LONG_MS);
  expect(await caller.column(table.id, 'sector')).toEqual(['done']);
});

test('credits that ran out come back', async () => {
  await withFaults({ credits: [{ name: 'gone', goneAtPaidCells: 10, backAfterMs: 30 }] });
  const table = await caller.table([SECTOR], INPUTS);
  await caller.run(table.id);
  caller.pass(LONG_MS);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ creditsLeft: 0, cellsPaid: 10 });
  expect(caller.sandbox.faults.hits).toEqual({ gone: 1 });
  while (caller.sandbox.ledger.summary().creditsLeft === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  caller.pass(LONG_MS);
  expect(caller.sandbox.ledger.summary()).toMatchObject({ creditsLeft: 999_960, cellsPaid: 40 });
});

test('a sandbox restarted on its file goes on from the same state', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-faults-'));
  try {
    const stateFile = join(folder, 'state');
    const faults: FaultScript = { cells: [{ fault: 'stuck', share: 0.5 }] };
    caller = await Caller.start({ stateFile, faults });
    const table = await caller.table([SECTOR], INPUTS);
    await caller.run(table.id);
    caller.pass(LONG_MS);
    const before = await countOf(table.id, 'sector');
    await caller.sandbox.close();
    caller = await Caller.start({ stateFile, faults });
    expect(await countOf(table.id, 'sector')).toEqual(before);
    await caller.sandbox.close();
    caller = await Caller.start({ stateFile });
    caller.pass(LONG_MS);
    expect(await countOf(table.id, 'sector')).toEqual({ done: INPUTS.length });
    expect(caller.sandbox.ledger.summary().cellsPaid).toBe(INPUTS.length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
