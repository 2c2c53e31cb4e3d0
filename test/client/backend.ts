import { join } from 'node:path';
import { Rowmill, type PipelineDocument } from '../../src/client/index.ts';
import { startTestEnv, SECTOR, type TestEnv } from '../support/test-env.ts';

/** A backend of a caller: no secret of the provider, no environment. */
export interface Backend {
  testEnv: TestEnv;
  rowmill: Rowmill;
  close(): Promise<void>;
}

export async function openBackend(): Promise<Backend> {
  const testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  const rowmill = await Rowmill.connect({
    address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ignoreProfileFile: true,
    store: testEnv.store.location,
    taskQueue: testEnv.taskQueue,
    env: {},
  });
  return {
    testEnv,
    rowmill,
    close: async () => {
      await rowmill.close();
      await testEnv.close();
    },
  };
}

export const ROWS = [
  { Symbol: 'MMM', Security: '3M' },
  { Symbol: 'AOS', Security: 'A. O. Smith' },
];

/** A pipeline over these rows, quick enough for a test. */
export const pipelineOf = (
  { folder }: TestEnv,
  changes: Partial<PipelineDocument> = {},
): PipelineDocument => ({
  name: 'backend',
  provider: 'extruct',
  table: { kind: 'company', columns: [SECTOR] },
  rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
  run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
  results: [{ to: join(folder, 'out', 'results.jsonl') }],
  ...changes,
});
