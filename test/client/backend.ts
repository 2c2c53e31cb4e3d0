import { join } from 'node:path';
import { Rowmill, type PipelineDocument } from '../../src/client/index.ts';
import { openHouse, SECTOR, type House } from '../support/house.ts';

/** A backend beside a house: no secret of the provider, no environment. */
export interface Backend {
  house: House;
  rowmill: Rowmill;
  close(): Promise<void>;
}

export async function openBackend(): Promise<Backend> {
  const house = await openHouse({ sandbox: { failRate: 0, hopelessRate: 0 } });
  const rowmill = await Rowmill.connect({
    address: process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '',
    ignoreProfileFile: true,
    store: house.store.location,
    taskQueue: house.taskQueue,
    env: {},
  });
  return {
    house,
    rowmill,
    close: async () => {
      await rowmill.close();
      await house.close();
    },
  };
}

export const ROWS = [
  { Symbol: 'MMM', Security: '3M' },
  { Symbol: 'AOS', Security: 'A. O. Smith' },
];

/** A pipeline over these rows, quick enough for a test. */
export const pipelineOf = (
  { folder }: House,
  changes: Partial<PipelineDocument> = {},
): PipelineDocument => ({
  name: 'backend',
  provider: 'extruct',
  table: { kind: 'company', columns: [SECTOR] },
  rows: { inline: ROWS, key: 'Symbol', map: { input: 'Security' } },
  run: { pollAtLeast: '100ms', pollAtMost: '1s', stallAfter: '20s', deadline: '10m' },
  results: [{ to: join(folder, 'out', 'results.jsonl') }],
  ...changes,
});
