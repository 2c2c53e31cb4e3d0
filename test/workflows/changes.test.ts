import { afterEach, expect, test } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeLine, ResultRow } from '../../src/contract/results.ts';
import type { Json } from '../../src/contract/json.ts';
import {
  executeRun,
  pipelineInputFor,
  startTestEnv,
  type TestEnv,
  type TestEnvOptions,
} from '../support/test-env.ts';

const rowsOf = (...numbers: number[]) =>
  numbers.map((n) => ({ Symbol: `S${n}`, Security: `Company ${n}` }));
const COLUMN = 'sector';
const CLEAN = { failRate: 0, alwaysFailsRate: 0 };

let testEnv: TestEnv;
afterEach(() => testEnv.close());

const start = async (options: TestEnvOptions = {}): Promise<void> => {
  testEnv = await startTestEnv({ sandbox: CLEAN, ...options });
};

const at = (name: string): string => join(testEnv.folder, 'out', name);
const linesOf = async <T>(name: string): Promise<T[]> =>
  (await readFile(at(name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
const changes = (name = 'results.changes.jsonl') => linesOf<ChangeLine>(name);
const valuesIn = async (): Promise<Map<string, Json>> =>
  new Map(
    (await linesOf<ResultRow>('results.jsonl')).map(({ key, cells }) => [
      key,
      cells[COLUMN]?.value ?? null,
    ]),
  );

const night = async (
  name: string,
  rows: ReturnType<typeof rowsOf>,
  pipeline: Record<string, unknown> = {},
) =>
  executeRun(
    testEnv,
    `${name}-${testEnv.taskQueue}`,
    await pipelineInputFor(testEnv, rows, pipeline),
  );

test('the changes file leads from the results of the night before to those of this one', async () => {
  await start();
  const first = await night('first', rowsOf(1, 2, 3));
  expect(first.changes).toEqual({
    path: at('results.changes.jsonl'),
    new: 3,
    changed: 0,
    vanished: 0,
    lost: 0,
    since: null,
  });
  const before = await valuesIn();
  // Another company under a key that stays: its answer is another one.
  const second = await night('second', [
    ...rowsOf(4, 3),
    { Symbol: 'S2', Security: 'Another company' },
  ]);
  const after = await valuesIn();
  expect(second.changes).toMatchObject({ new: 1, vanished: 1, since: first.workflowId });
  const lines = await changes();
  expect(lines.map(({ key }) => key)).toEqual(
    before.get('S2') === after.get('S2') ? ['S4', 'S1'] : ['S4', 'S2', 'S1'],
  );
  for (const { key, change, columns } of lines) {
    if (change === 'vanished') before.delete(key);
    else before.set(key, columns[COLUMN]?.to ?? null);
  }
  expect(before).toEqual(after);
  const manifest = JSON.parse(await readFile(at('results.manifest.json'), 'utf8')) as unknown;
  expect(manifest).toMatchObject({ changes: second.changes });
});

test('a night without a difference leaves an empty file', async () => {
  await start();
  await night('first', rowsOf(1, 2));
  const second = await night('second', rowsOf(2, 1));
  expect(second.changes).toMatchObject({ new: 0, changed: 0, vanished: 0, lost: 0 });
  expect(await changes()).toEqual([]);
});

test('an answer that a night does not get again is lost', async () => {
  await start({ sandbox: { failRate: 0, alwaysFailsRate: 0.5 } });
  const tries = rowsOf(...Array.from({ length: 12 }, (_, n) => n));
  await night('tries', tries, { run: { failedPasses: 0 }, results: [{ to: 'out/tries.jsonl' }] });
  const tried = await linesOf<ResultRow>('tries.jsonl');
  const named = (status: string) => {
    const key = tried.find(({ cells }) => cells[COLUMN]?.status === status)?.key;
    return tries.find(({ Symbol: symbol }) => symbol === key)?.Security ?? '';
  };
  await night('first', [{ Symbol: 'K', Security: named('done') }]);
  const run = { failedPasses: 0, tolerateFailed: '100%' };
  const { changes: counts } = await night('second', [{ Symbol: 'K', Security: named('failed') }], {
    run,
  });
  expect(counts).toMatchObject({ new: 0, changed: 0, vanished: 0, lost: 1 });
  expect(await changes()).toMatchObject([
    { key: 'K', change: 'lost', columns: { [COLUMN]: { from: expect.anything(), to: null } } },
  ]);
});

test('a publication that is repeated after it was done has the same changes', async () => {
  let failures = 1;
  const isSecond = { value: false };
  await start({
    deps: {
      onEvent: ({ type }) => {
        // Everything is in place, and the answer of the step is lost.
        if (type !== 'run ended' || !isSecond.value || failures === 0) return;
        failures -= 1;
        throw new Error('the worker stops here');
      },
    },
  });
  await night('first', rowsOf(1, 2));
  isSecond.value = true;
  const second = await night('second', rowsOf(2, 3));
  expect(failures).toBe(0);
  expect(second.changes).toMatchObject({ new: 1, vanished: 1, changed: 0, lost: 0 });
  expect((await changes()).map(({ key, change }) => [key, change])).toEqual([
    ['S3', 'new'],
    ['S1', 'vanished'],
  ]);
});

test('each target is compared with what is there', async () => {
  await start();
  const results = [{ to: 'out/results.jsonl' }, { to: 'out/other.csv' }];
  await night('first', rowsOf(1));
  await night('second', rowsOf(1, 2), { results });
  expect((await changes()).map(({ key }) => key)).toEqual(['S2']);
  expect((await changes('other.changes.jsonl')).map(({ key }) => key)).toEqual(['S1', 'S2']);
});

test('results of another pipeline are nothing to compare with', async () => {
  await start();
  await night('first', rowsOf(1));
  const second = await night('second', rowsOf(1), { name: 'renamed' });
  expect(second.changes).toMatchObject({ new: 1, since: null });
});

test('columns to ignore are not in the file', async () => {
  await start();
  const { changes: counts } = await night('first', rowsOf(1), { changes: { ignore: [COLUMN] } });
  expect(counts).toMatchObject({ new: 1 });
  expect(await changes()).toMatchObject([{ key: 'S1', change: 'new', columns: {} }]);
});

test('a store that lost the run before is made up for by the results at the target', async () => {
  await start();
  const first = await night('first', rowsOf(1, 2));
  await rm(join(testEnv.folder, 'store', 'runs', first.workflowId), { recursive: true });
  const csv = [{ to: 'out/results.jsonl' }, { to: 'out/results.csv' }];
  const second = await night('second', rowsOf(2, 3), { results: csv });
  expect(second.changes).toMatchObject({ new: 1, vanished: 1, since: first.workflowId });
  await rm(join(testEnv.folder, 'store', 'runs', second.workflowId), { recursive: true });
  const third = await night('third', rowsOf(2), { results: [{ to: 'out/results.csv' }] });
  expect(third.changes).toBeUndefined();
  expect(third.changesProblem).toBe(`the results of run ${second.workflowId} are not in the store`);
});
