import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gather, type Evidence, type LiveTable } from '../support/invariants/evidence.ts';
import { pipelineInputFor, startTestEnv, type TestEnv, executeRun } from '../support/test-env.ts';
import { breaches, type Invariant } from '../support/invariants/index.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(40);

let testEnv: TestEnv;
let sound: Evidence;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0.2, alwaysFailsRate: 0.1 } });
  const workflowId = `sound-${testEnv.taskQueue}`;
  const { pipeline } = await pipelineInputFor(testEnv, ROWS);
  const ended = await executeRun(testEnv, workflowId, { pipeline });
  const wanted = ROWS.map((row) => ({ key: row.Symbol, input: { input: row.Security } }));
  sound = await gather(testEnv, { workflowId, pipeline, wanted, ended });
});
afterAll(() => testEnv.close());

test('a sound run breaks none', () => {
  expect(breaches(sound)).toEqual([]);
  expect(sound.results).toHaveLength(ROWS.length);
  expect(sound.quarantine.length).toBeGreaterThan(0);
});

test('payloads, results, manifest and store are all searched for secrets', () => {
  expect(sound.texts.get('history')).toContain('"name":"test-pipeline"');
  const paths = [...sound.texts.keys()];
  for (const name of ['results.jsonl', 'manifest.json', 'rows.jsonl', 'quarantine.jsonl']) {
    expect(paths.some((path) => path.endsWith(name))).toBe(true);
  }
});

/** Copies the evidence of the sound run, for tampering. */
function copyOfSound(): Evidence {
  const { truth, ...rest } = sound;
  return { ...structuredClone(rest), truth };
}

/** The first table of a copy. */
const table = ({ tables }: Evidence): LiveTable => must(tables[0]);

function must<T>(value: T | undefined | null): T {
  if (value == null) throw new Error('the sound run has no such thing');
  return value;
}

const TAMPERING: [Invariant, string, (world: Evidence) => void][] = [
  ['I1', 'a second table', (w) => w.tables.push({ ...table(w), id: 'other' })],
  ['I1', 'another table than the one named', (w) => (table(w).id = 'other')],
  ['I1', 'a table without the tag of a run', (w) => (table(w).tags = ['rowmill'])],
  [
    'I1',
    'an empty table of a cancelled run that had heard of it',
    (w) => {
      Object.assign(must(w.summary), { outcome: 'cancelled', tableId: null });
      table(w).rows = [];
    },
  ],
  ['I2', 'a row lost', (w) => table(w).rows.pop()],
  ['I2', 'a row doubled', (w) => table(w).rows.push(must(table(w).rows[3]))],
  ['I2', 'a row without a key', (w) => (must(table(w).rows[3]).key = null)],
  ['I2', 'a row with other inputs', (w) => (must(table(w).rows[3]).input = { input: 'X' })],
  ['I2', 'a row that came after the run', (w) => (must(table(w).rows[3]).createdAtMs = Infinity)],
  [
    'I2',
    'a row doubled in a run that was cancelled when its rows were loaded',
    (w) => {
      cutShort(w);
      Object.assign(table(w), { runs: [], cells: [] });
      table(w).rows.push(must(table(w).rows[3]));
    },
  ],
  [
    'I2',
    'a row doubled in a run that was cancelled while its rows were loaded, with a cell paid',
    (w) => {
      cutShort(w);
      w.finished.delete('loadRows');
      table(w).runs = [];
      table(w).rows.push(must(table(w).rows[3]));
    },
  ],
  ['I3', 'a cell done twice', (w) => (must(table(w).cells[5]).done = 2)],
  ['I3', 'a cell started once more', (w) => (must(table(w).cells[5]).starts += 1)],
  ['I3', 'a cell paid for in a table that is gone', (w) => (w.cellsPaid += 1)],
  ['I3', 'credits without a report', (w) => (w.creditsSpent += 1)],
  [
    'I3',
    'credits of a cancelled run that were spent before it read the balance',
    (w) => {
      cutShort(w);
      w.creditsSpent += 1;
    },
  ],
  ['I4', 'a result lost', (w) => w.results.pop()],
  ['I4', 'a result doubled', (w) => w.results.push(must(w.results[0]))],
  ['I4', 'results in another order', (w) => w.results.reverse()],
  ['I4', 'another value', (w) => (must(doneCell(w)).value = 'made up')],
  [
    'I4',
    'a done cell called failed',
    (w) => Object.assign(must(doneCell(w)), { status: 'failed' }),
  ],
  ['I4', 'blocked by nothing', (w) => Object.assign(must(doneCell(w)), { status: 'blocked' })],
  ['I4', 'the id of another row', (w) => (must(w.results[0]).rowId = 'other')],
  ['I4', 'another input', (w) => (must(w.results[0]).input = { input: 'X' })],
  ['I4', 'complete, said wrongly', (w) => (must(w.results[0]).complete = !w.results[0]?.complete)],
  ['I4', 'a file that is not what the digest says', (w) => (must(w.published[0]).bytes[0] = 0)],
  ['I4', 'a manifest of other files', (w) => (must(w.manifest.results?.[0]).sha256 = 'f00')],
  ['I4', 'a cell missing in the quarantine', (w) => w.quarantine.pop()],
  ['I4', 'counts of other cells', (w) => (must(w.summary).cells.done += 1)],
  [
    'I4',
    'a price that no cell has',
    (w) => (must(w.summary).usage = { requests: 1, price: 0.01, inputTokens: 1, outputTokens: 1 }),
  ],
  ['I5', 'completed, where the cells say partial', (w) => (must(w.summary).outcome = 'completed')],
  ['I5', 'far too late', (w) => (w.endedAtMs = w.startedAtMs + 3_600_000)],
  ['I5', 'never ended', (w) => (w.endedAtMs = Infinity)],
  [
    'I5',
    'a cell still in progress',
    (w) => table(w).inFlight.push(`${must(table(w).rows[0]).id}/sector`),
  ],
  [
    'I5',
    'a cell that goes on, of which a cancelled run says nothing',
    (w) => {
      cutShort(w);
      table(w).inFlight.push(`${must(table(w).rows[0]).id}/sector`);
    },
  ],
  [
    'I5',
    'a run of the table long after the deadline',
    (w) => {
      const atMs = w.startedAtMs + w.deadlineMs + 60_000;
      must(table(w).runs.at(-1)).at = new Date(atMs).toISOString();
    },
  ],
  [
    'I5',
    'failed without a code',
    (w) => Object.assign(w, { summary: null, failure: { type: 'internal', message: '' } }),
  ],
  ['I6', 'the token in a file', (w) => w.texts.set('log', `Bearer ${w.token}`)],
  ['I6', 'the token in base64', (w) => w.texts.set('log', Buffer.from(w.token).toString('base64'))],
  ['I12', 'a pass without a cell set', (w) => w.texts.delete(cellSetOf(w, 2))],
  ['I12', 'a cell that its cell set does not have', (w) => removeCell(w, cellSetOf(w, 2))],
  ['I12', 'a cell above the ceiling', (w) => (w.pipeline.spend.maxCredits = w.cellsPaid - 1)],
  ['I12', 'a pass that the ledger does not have', (w) => w.texts.delete(ledgerLineOf(w, 1))],
];

/** Path of the cell set of a pass. */
function cellSetOf({ texts }: Evidence, pass: number): string {
  return must([...texts.keys()].find((path) => path.endsWith(`asked-${pass}.jsonl`)));
}

/** Path of the ledger's line of a pass. */
function ledgerLineOf({ texts }: Evidence, pass: number): string {
  const isLine = (path: string): boolean =>
    path.includes('ledger') && path.endsWith(`.${pass}.jsonl`);
  return must([...texts.keys()].find(isLine));
}

/** Takes the first row out of a cell set. */
function removeCell({ texts }: Evidence, path: string): void {
  const lines = must(texts.get(path)).split('\n');
  texts.set(path, lines.slice(1).join('\n'));
}

function cutShort({ summary, manifest }: Evidence): void {
  for (const one of [must(summary), manifest]) one.outcome = 'cancelled';
}

/** Failed on its first try, and is done now. */
function fixedCell({ results, tables }: Evidence) {
  const fixed = must(tables[0]).cells.find(({ failed, done }) => failed === 1 && done === 1);
  return results.find(({ rowId }) => rowId === fixed?.rowId)?.cells[fixed?.column ?? ''];
}

function doneCell({ results }: Evidence) {
  return results.flatMap(({ cells }) => Object.values(cells)).find((one) => one.status === 'done');
}

test.each(TAMPERING)('%s breaks by %s', (invariant, _what, tamper) => {
  const world = copyOfSound();
  tamper(world);
  expect(breaches(world).map((text) => text.split(' ')[0])).toContain(invariant);
});

test('a row may be left twice, unpaid, by a run that was cancelled while its rows were loaded', () => {
  const world = copyOfSound();
  cutShort(world);
  world.finished.delete('loadRows');
  Object.assign(table(world), { runs: [], cells: [] });
  table(world).rows.push(must(table(world).rows[3]));
  expect(breaches(world).filter((text) => text.startsWith('I2'))).toEqual([]);
});

test('a cancelled run need not report spend after its last reading of the balance', () => {
  const world = copyOfSound();
  cutShort(world);
  const late = must(table(world).cells.find(({ price, starts }) => price > 0 && starts === 1));
  late.startedAtMs = must(world.finished.get('publishResults')).toMs + 1;
  must(world.summary).balanceChange = late.price - world.creditsSpent;
  world.manifest.balanceChange = late.price - world.creditsSpent;
  expect(breaches(world)).toEqual([]);
  late.startedAtMs = must(world.finished.get('publishResults')).fromMs - 1;
  expect(breaches(world)).toEqual([expect.stringContaining('I3 the run says')]);
});

test('a cell that only fails on its first try may stay failed when no pass was left for it', () => {
  const world = copyOfSound();
  const cell = must(fixedCell(world));
  const isFailed = (): boolean => breaches(world).some((text) => text.endsWith('is failed'));
  Object.assign(cell, { status: 'failed', value: null, updatedAt: new Date().toISOString() });
  world.pipeline.run.failedPasses = 1;
  expect(isFailed()).toBe(false);
  world.pipeline.run.failedPasses = 9;
  expect(isFailed()).toBe(true);
  world.pipeline.run.failedPasses = 1;
  cell.updatedAt = must(table(world).runs[0]).at;
  expect(isFailed()).toBe(true);
});
