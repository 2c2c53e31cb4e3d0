import { afterEach, expect, test } from '@jest/globals';
import type { FaultScript } from '../../sandbox/index.ts';
import { Caller, PITCH, SECTOR } from './caller.ts';

let caller: Caller;
afterEach(() => caller.sandbox.close());

const INPUTS = ['Acme', 'Globex', 'Initech'];
/** Longer than any cell takes, shorter than any gap of these tests. */
const CELLS_MS = 400_000;
const GAP_MS = 1_000_000;

const withFaults = async (faults: FaultScript): Promise<void> => {
  caller = await Caller.start({ faults });
};

const words = async (tableId: string, key: string): Promise<string[]> => [
  ...new Set((await caller.rows(tableId)).map(({ data }) => data[key]?.status ?? 'missing')),
];

test('dependent cells are `created` until the gap is over', async () => {
  await withFaults({ waves: [{ name: 'gap', gapMs: GAP_MS }] });
  const table = await caller.table([SECTOR, PITCH], INPUTS);
  await caller.run(table.id);
  for (const keys of [
    ['company_profile'],
    ['company_name', 'company_website'],
    ['sector'],
    ['pitch'],
  ]) {
    caller.pass(GAP_MS);
    for (let steps = 0; (await caller.status(table.id)).run_status !== 'idle'; steps += 1) {
      expect(steps).toBeLessThan(1_000);
      caller.pass(1_000);
    }
    for (const key of keys) expect([key, await words(table.id, key)]).toEqual([key, ['done']]);
    expect((await caller.status(table.id)).num_cells_in_progress).toBe(0);
  }
  expect(caller.sandbox.faults.hits).toEqual({ gap: 15 });
});

test('an accepted run shows nothing before its lag is over', async () => {
  await withFaults({ waves: [{ startLagMs: GAP_MS }] });
  const table = await caller.table([SECTOR], INPUTS);
  const first = await caller.run(table.id);
  expect(first.body.num_requested_cells).toBeGreaterThan(INPUTS.length);
  caller.pass(CELLS_MS);
  expect(await words(table.id, 'company_profile')).toEqual(['created']);
  expect((await caller.status(table.id)).run_status).toBe('idle');
  expect((await caller.run(table.id)).body.num_requested_cells).toBe(0);
  caller.pass(10 * GAP_MS);
  expect(await words(table.id, 'sector')).toEqual(['done']);
  expect(caller.sandbox.ledger.summary().cellsPaid).toBe(INPUTS.length);
});

test('queued cells that cannot be paid are `created` again', async () => {
  await withFaults({ credits: [{ goneAtPaidCells: 2, queued: 'returned' }] });
  const table = await caller.table([SECTOR, PITCH], INPUTS);
  await caller.run(table.id);
  caller.pass(CELLS_MS);
  const states = (await caller.rows(table.id)).map(({ data }) => data['sector']?.status);
  expect(states.sort()).toEqual(['created', 'done', 'done']);
  expect((await caller.status(table.id)).run_status).toBe('idle');
});

test('a request is refused with any status by its body', async () => {
  await withFaults({
    requests: [
      { on: 'start-run', fault: 'refuse', status: 422, longer: { rows: 2 } },
      { on: 'start-run', fault: 'refuse', status: 200, nth: 2 },
    ],
  });
  const table = await caller.table([SECTOR], INPUTS);
  const rows = (await caller.rows(table.id)).map(({ id }) => id);
  const all = await caller.run(table.id, { mode: 'new', rows });
  expect(all.status).toBe(422);
  const two = await caller.run(table.id, { mode: 'new', rows: rows.slice(0, 2) });
  expect([two.status, two.body]).toMatchObject([200, { error: expect.any(String) }]);
  expect(caller.sandbox.ledger.runs()).toEqual([]);
});

test('a run cannot be scoped to a column of an unknown kind', async () => {
  await withFaults({
    requests: [{ on: 'GET /v1/tables/{id}', fault: 'unknown', columns: true, fields: false }],
  });
  const table = await caller.table([SECTOR], INPUTS);
  const { body } = await caller.call<{ columns: { id: string; config: { kind: string } }[] }>(
    'GET',
    `/v1/tables/${table.id}`,
  );
  const other = body.columns.at(-1);
  expect(other?.config.kind).toBe('company_logo');
  const refused = await caller.run(table.id, { mode: 'new', columns: [other?.id ?? ''] });
  expect(refused.status).toBe(422);
});
