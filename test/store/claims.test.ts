import { beforeEach, expect, test } from '@jest/globals';
import { claimTargets, othersWithClaims, type FindInProgress } from '../../src/store/claims.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Store } from '../../src/store/store.ts';
import { newPlace } from './place.ts';

const NOW_MS = 1_000_000;
const PATHS = ['/results/list.jsonl', '/results/list.manifest.json'];
const RUNS = 60;

let store: Store;
beforeEach(async () => {
  store = createFileStore(newPlace());
  for (let nth = 0; nth < RUNS; nth += 1) {
    await claimTargets(store, { workflowId: `run-${nth}`, firstRunId: 'r' }, PATHS, NOW_MS + 1);
  }
});

/** Others of `run-0`, and how many runs the server was asked about. */
async function others(inProgress: FindInProgress, nowMs = NOW_MS) {
  let asked = 0;
  const names = await othersWithClaims(store, PATHS, {
    nowMs,
    inProgress: (ids) => {
      asked += ids.length;
      return inProgress(ids);
    },
    isOwn: ({ workflowId }) => workflowId === 'run-0',
  });
  return { names, asked };
}

test('of many runs in progress at a target, three are asked about', async () => {
  const { names, asked } = await others((ids) => Promise.resolve([...ids]));
  expect(asked).toBe(3);
  expect(new Set(names).size).toBe(3);
  expect(names).not.toContain('run-0');
});

test('a run in progress is found among many that were terminated', async () => {
  const { names, asked } = await others((ids) =>
    Promise.resolve(ids.filter((id) => id === 'run-42')),
  );
  expect(names).toEqual(['run-42']);
  expect(asked).toBe(RUNS - 1);
});

test('a claim whose run had to publish before is not asked about', async () => {
  const { names, asked } = await others((ids) => Promise.resolve([...ids]), NOW_MS + 2);
  expect({ names, asked }).toEqual({ names: [], asked: 0 });
});
