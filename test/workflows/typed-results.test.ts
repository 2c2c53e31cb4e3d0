import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TypedResultRow } from '../../src/contract/results.ts';
import type { RunProgress, RunSummary } from '../../src/contract/run.ts';
import { pipelineInputFor, startTestEnv, type TestEnv } from '../support/test-env.ts';
import { companies } from '../support/providers/cases.ts';

const ROWS = companies(4);
const RUN = { minPollInterval: '100ms', maxPollInterval: '1s', deadline: '10m' };

let testEnv: TestEnv;
beforeEach(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0 } });
});
afterEach(() => testEnv.close());

const at = (name: string): string => join(testEnv.folder, 'out', name);
const rowsAt = async (name: string): Promise<TypedResultRow[]> =>
  (await readFile(at(name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TypedResultRow);

test('an answer of another type is null where types are checked', async () => {
  const results = [{ to: at('raw.jsonl') }, { to: at('typed.jsonl'), types: 'check' }];
  const types = { sector: 'number' };
  const run = await testEnv.client.workflow.start('enrichTable', {
    workflowId: `typed-${testEnv.taskQueue}`,
    taskQueue: testEnv.taskQueue,
    args: [await pipelineInputFor(testEnv, ROWS, { run: RUN, types, results })],
  });
  const summary = (await run.result()) as RunSummary;
  expect(summary).toMatchObject({
    outcome: 'completed',
    cells: { done: 4 },
    invalid: { sector: 4 },
    quarantine: { cells: 4 },
  });
  const raw = await rowsAt('raw.jsonl');
  expect(raw.map(({ cells }) => typeof cells['sector']?.value)).toEqual(Array(4).fill('string'));
  const typed = await rowsAt('typed.jsonl');
  expect(typed.map(({ cells }) => cells['sector'])).toMatchObject(
    Array(4).fill({ status: 'invalid', value: null }),
  );
  expect(await rowsAt('typed.quarantine.jsonl')).toEqual(
    raw.map(({ key, cells }) => ({
      key,
      column: 'sector',
      status: 'invalid',
      reason: 'Invalid input: expected number, received string',
      answer: cells['sector']?.value,
    })),
  );
  const progress = await run.query<RunProgress>('progress');
  expect(progress.invalid).toEqual({ sector: 4 });
});
