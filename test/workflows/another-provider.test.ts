import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pipeline } from '../../src/contract/pipeline.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { createProviders } from '../../src/providers/registry.ts';
import { closeServers } from '../http/server.ts';
import { TINY } from '../providers/tiny/provider.ts';
import { serveTiny } from '../providers/tiny/server.ts';
import { startTestEnv, TOKEN, type TestEnv, executeRun } from '../support/test-env.ts';

let testEnv: TestEnv;
beforeAll(async () => {
  // Every cell fails once.
  const { url } = await serveTiny({ firstTryFails: true });
  testEnv = await startTestEnv({
    providers: createProviders({ TINY_KEY: TOKEN, TINY_URL: url }, {}, [TINY]),
  });
});
afterAll(async () => {
  await testEnv.close();
  await closeServers();
});

test('a provider that only the registry of the worker knows takes rows through a whole run', async () => {
  const names = Array.from({ length: 130 }, (_, nth) => `Company ${nth}`);
  const pipeline: Pipeline = {
    name: 'another',
    provider: 'tiny',
    table: { tags: [], columns: [{ key: 'sector' }, { key: 'pitch', reads: 'sector' }] },
    rows: {
      source: { type: 'inline', rows: names.map((name, nth) => ({ id: `K${nth}`, name })) },
      key: 'id',
      map: { name: 'name' },
    },
    run: {
      mode: 'new',
      failedPasses: 3,
      tolerateFailed: 0,
      deadlineMs: 600_000,
      stallAfterMs: 20_000,
      minPollIntervalMs: 100,
      maxPollIntervalMs: 500,
    },
    // Reruns count: what failed cells cost is not known.
    spend: { creditsPerCell: 1, maxCredits: 1_000 },
    results: [{ to: join(testEnv.folder, 'out', 'results.jsonl'), format: 'jsonl' }],
  };
  const summary = await executeRun(testEnv, 'another-provider', { pipeline });
  expect(summary).toMatchObject({
    outcome: 'completed',
    rows: 130,
    balanceChange: null,
    cells: { done: 260, failed: 0, blocked: 0, pending: 0 },
  });
  const lines = (await readFile(summary.results[0]?.path ?? '', 'utf8')).trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as ResultRow);
  expect(rows.map(({ key }) => key)).toEqual(names.map((_name, nth) => `K${nth}`));
  expect(rows.map(({ cells }) => cells['pitch']?.value)).toEqual(
    names.map((_name, nth) => `pitch of K${nth}`),
  );
});
