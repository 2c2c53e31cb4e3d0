import { afterEach, expect, test } from '@jest/globals';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorOfRun } from '../../src/client/failure.ts';
import { inputFor, openHouse, wholeRun, type House } from '../support/house.ts';

let house: House;
afterEach(() => house.close());

test('a run that another client started overwrites neither its rows nor the pipeline of another', async () => {
  house = await openHouse();
  const list = 'Symbol,Security\nMMM,3M\n';
  await writeFile(join(house.folder, 'list.quarantine.jsonl'), list);
  await writeFile(join(house.folder, 'list.csv'), list);
  await symlink('list.csv', join(house.folder, 'linked.csv'));
  const cases = [
    ['list.quarantine.jsonl', 'list.jsonl'],
    ['list.csv', 'linked.csv'],
  ] as const;
  const { pipeline } = await inputFor(house, []);
  for (const [from, to] of cases) {
    const path = join(house.folder, from);
    const format = to.endsWith('csv') ? 'csv' : 'jsonl';
    const rows = { ...pipeline.rows, source: { type: 'file', path, format: 'csv' } } as const;
    const results = [{ to: join(house.folder, to), format } as const];
    const id = `paths-${to}-${house.taskQueue}`;
    const run = wholeRun(house, id, { pipeline: { ...pipeline, rows, results } });
    const error = await run.then(
      () => null,
      (reason: unknown) => errorOfRun(reason, id),
    );
    expect(error?.code).toBe('path_refused');
  }
  expect(house.sandbox.ledger.summary().runs).toBe(0);
});
