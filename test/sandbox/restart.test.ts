import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startSandbox, type TableData } from '../../sandbox/index.ts';
import { Caller, CITY, PITCH, SECTOR } from './caller.ts';

let folder: string;
let stateFile: string;
const open: Caller[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  stateFile = join(folder, 'state.jsonl');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ sandbox }) => sandbox.close()));
  await rm(folder, { recursive: true });
});

const start = async (more: object = {}): Promise<Caller> => {
  const caller = await Caller.start({ stateFile, failRate: 0.2, alwaysFailsRate: 0.05, ...more });
  open.push(caller);
  return caller;
};

const INPUTS = Array.from({ length: 40 }, (_, at) => `Company ${at}`);

const dataOf = async (caller: Caller, tableId: string): Promise<TableData> =>
  (await caller.call<TableData>('GET', `/v1/tables/${tableId}/data`)).body;

/** Ends it as a `kill -9` would: the file stays as it is now, whatever is written later. */
const killed = async (caller: Caller): Promise<void> => {
  const left = await readFile(stateFile);
  caller.pass(30_000);
  await caller.sandbox.close();
  await writeFile(stateFile, left);
};

test.each(['closed', 'killed'])('a sandbox that was %s goes on where it was', async (how) => {
  const before = await start();
  const table = await before.table([SECTOR, CITY, PITCH], INPUTS, { tags: ['t'] });
  await before.run(table.id);
  before.pass(250_000);
  const seen = await dataOf(before, table.id);
  const totals = before.sandbox.ledger.summary();
  expect(totals.cellsPaid).toBeGreaterThan(50);
  expect(seen.status.run_status).toBe('running');
  await (how === 'closed' ? before.sandbox.close() : killed(before));

  const after = await start();
  const again = await dataOf(after, table.id);
  expect(again).toEqual(seen);
  expect(after.sandbox.ledger.summary()).toEqual({ ...totals, requests: expect.any(Object) });
  after.pass(10_000_000);
  const end = await dataOf(after, table.id);
  expect(end.status.run_status).toBe('idle');
  expect(after.sandbox.ledger.summary().duplicates).toEqual({ tables: 0, rows: 0, cells: 0 });

  // The same work without a break comes out the same.
  const { stateFile: _none, ...memory } = {
    stateFile: undefined,
    failRate: 0.2,
    alwaysFailsRate: 0.05,
  };
  const whole = await Caller.start(memory);
  open.push(whole);
  const twin = await whole.table([SECTOR, CITY, PITCH], INPUTS);
  await whole.run(twin.id);
  whole.pass(10_000_000);
  const cells = ({ rows }: TableData) =>
    rows.map(({ data }) => Object.values(data).map(({ value, status }) => [status, value]));
  expect(cells(end)).toEqual(cells(await dataOf(whole, twin.id)));
  expect(after.sandbox.ledger.summary().creditsSpent).toBe(
    whole.sandbox.ledger.summary().creditsSpent,
  );
});

test('time stands still while the sandbox is down', async () => {
  const before = await start();
  const table = await before.table([SECTOR], INPUTS);
  await before.run(table.id);
  before.pass(30_000);
  const { status } = await dataOf(before, table.id);
  await before.sandbox.close();
  const after = await start();
  expect((await dataOf(after, table.id)).status).toEqual(status);
});

test('a last line cut by a kill is dropped at the next start', async () => {
  const before = await start();
  const table = await before.table([SECTOR], INPUTS);
  await before.sandbox.close();
  await appendFile(stateFile, '{"at":12,"do":"createTab');
  const after = await start();
  await after.addRows(table.id, ['One more']);
  await after.sandbox.close();
  const last = await start();
  expect((await last.status(table.id)).num_rows).toBe(41);
});

test('credits, deletions and request counts are kept', async () => {
  const before = await start({ credits: 10 });
  const table = await before.table([SECTOR], ['A', 'B']);
  await before.call('POST', '/_sandbox/credits', { add: 5 });
  const [row] = await before.rows(table.id);
  await before.call('DELETE', `/v1/tables/${table.id}/rows`, { rows: [row?.id] });
  const totals = before.sandbox.ledger.summary();
  await before.sandbox.close();
  const after = await start({ credits: 999 });
  expect(after.sandbox.ledger.summary()).toEqual(totals);
  expect(totals).toMatchObject({ creditsLeft: 15, rowsDeleted: 1, rowsLive: 1 });
});

test('a state file of other answers is refused', async () => {
  const before = await start({ seed: 1 });
  await before.sandbox.close();
  const other = { token: 't', stateFile, failRate: 0.2, alwaysFailsRate: 0.05, seed: 2 };
  await expect(startSandbox(other)).rejects.toThrow(/other state file|another state file/);
});

test('a file that is no state file is refused unchanged', async () => {
  await writeFile(stateFile, 'something of mine\n');
  await expect(startSandbox({ token: 't', stateFile })).rejects.toThrow(stateFile);
  expect(await readFile(stateFile, 'utf8')).toBe('something of mine\n');
});

test('the ledger file gets one line for each payment across a restart', async () => {
  const ledgerFile = join(folder, 'ledger.jsonl');
  const before = await start({ ledgerFile, failRate: 0, alwaysFailsRate: 0 });
  const table = await before.table([SECTOR], INPUTS);
  await before.run(table.id);
  before.pass(100_000);
  await before.sandbox.close();
  const after = await start({ ledgerFile, failRate: 0, alwaysFailsRate: 0 });
  after.pass(10_000_000);
  await dataOf(after, table.id);
  await after.sandbox.close();
  const lines = (await readFile(ledgerFile, 'utf8')).trim().split('\n');
  const paid = lines.filter((line) => line.includes('"event":"paid"'));
  expect(paid).toHaveLength(INPUTS.length);
  expect(new Set(paid.map((line) => /"row":"([^"]+)"/.exec(line)?.[1])).size).toBe(INPUTS.length);
});
