import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { publishEverywhere, startServers, type Servers } from './publish-everywhere.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
}, 120_000);
afterAll(() => servers.close());

test('10 000 rows are the same cells in every sink', async () => {
  const { wanted, texts } = await publishEverywhere(servers, 10_000);
  expect(wanted.columns.map(({ name }) => name)).toEqual([
    ...['key', 'input', 'rank', 'GICS Sector', 'Headquarters Location', 'Founded'],
    ...['note', 'sector', 'staff', 'revenue', 'public', 'board', '_status', '_sources'],
  ]);
  // Text and nothing, which a CSV does not distinguish.
  const notes = wanted.rows.slice(0, 40).map((row) => row[6]);
  expect(notes).toContain('');
  expect(new Set(wanted.rows.map((row) => row[7]))).toContain(null);
  expect(texts.rows.flat()).not.toContain(null);
});
