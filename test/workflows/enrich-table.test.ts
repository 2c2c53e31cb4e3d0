import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { pipelineInputFor, startTestEnv, type TestEnv, executeRun } from '../support/test-env.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
});
afterAll(() => testEnv.close());

test('one row in, one row out', async () => {
  const input = await pipelineInputFor(testEnv, [{ Symbol: 'MMM', Security: '3M' }]);
  const summary = await executeRun(testEnv, 'one-row', input);
  expect(summary.outcome).toBe('completed');
  const text = await readFile(summary.results[0]?.path ?? '', 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    key: 'MMM',
    input: { input: '3M' },
    cells: { sector: { status: 'done', value: 'Industrials' } },
    complete: true,
  });
});
