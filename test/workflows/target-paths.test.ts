import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorOfRun } from '../../src/client/runs/lookup/errors.ts';
import { pipelineInputFor, startTestEnv, executeRun, type TestEnv } from '../support/test-env.ts';

let testEnv: TestEnv;
afterEach(() => testEnv.close());

test('a run of another client overwrites no input of its own', async () => {
  testEnv = await startTestEnv();
  const list = 'Symbol,Security\nMMM,3M\n';
  await writeFile(join(testEnv.folder, 'list.quarantine.jsonl'), list);
  await writeFile(join(testEnv.folder, 'list.csv'), list);
  await symlink('list.csv', join(testEnv.folder, 'linked.csv'));
  const cases = [
    ['list.quarantine.jsonl', 'list.jsonl'],
    ['list.csv', 'linked.csv'],
  ] as const;
  const { pipeline } = await pipelineInputFor(testEnv, []);
  for (const [from, to] of cases) {
    const path = join(testEnv.folder, from);
    const format = to.endsWith('csv') ? 'csv' : 'jsonl';
    const rows = { ...pipeline.rows, source: { type: 'file', path, format: 'csv' } } as const;
    const results = [{ to: join(testEnv.folder, to), format } as const];
    const id = `paths-${to}-${testEnv.taskQueue}`;
    const run = executeRun(testEnv, id, { pipeline: { ...pipeline, rows, results } });
    const error = await run.then(
      () => null,
      (reason: unknown) => errorOfRun(reason, id),
    );
    expect(['path_refused', 'spec_invalid']).toContain(error?.code);
  }
  expect(testEnv.sandbox.ledger.summary().runs).toBe(0);
});

test('a worker reads and writes only below the folders that its operator named', async () => {
  const far = await mkdtemp(join(tmpdir(), 'rowmill-far-'));
  try {
    const open = await mkdtemp(join(tmpdir(), 'rowmill-open-'));
    testEnv = await startTestEnv({ deps: { roots: [open] } });
    const list = 'Symbol,Security\nMMM,3M\n';
    for (const folder of [far, open]) await writeFile(join(folder, 'list.csv'), list);
    await writeFile(join(open, 'list.env'), list);
    await symlink(far, join(open, 'out'));
    await symlink(join(far, 'later.manifest.json'), join(open, 'beside.manifest.json'));
    const { pipeline } = await pipelineInputFor(testEnv, []);
    const refusal = async (from: string, to: string, format: 'csv' | 'jsonl' = 'jsonl') => {
      const id = `roots-${(runs += 1)}-${testEnv.taskQueue}`;
      const source = { type: 'file', path: from, format: 'csv' } as const;
      const rows = { ...pipeline.rows, source };
      const input = { pipeline: { ...pipeline, rows, results: [{ to, format }] } };
      const ended = await executeRun(testEnv, id, input).catch((why: unknown) =>
        errorOfRun(why, id),
      );
      return 'code' in ended ? ended.code : ended.outcome;
    };
    let runs = 0;
    const [rows, to] = [join(open, 'list.csv'), join(open, 'r.jsonl')];
    expect(await refusal(join(far, 'list.csv'), to)).toBe('path_refused');
    expect(await refusal(join(open, 'out', 'list.csv'), to)).toBe('path_refused');
    expect(await refusal(join(open, 'list.env'), to)).toBe('path_refused');
    expect(await refusal(rows, join(far, 'r.jsonl'))).toBe('path_refused');
    expect(await refusal(rows, join(open, 'out', 'r.jsonl'))).toBe('path_refused');
    expect(await refusal(rows, join(open, 'beside.jsonl'))).toBe('path_refused');
    const { location } = testEnv.store;
    expect(await refusal(rows, join(location, 'runs', 'r.jsonl'))).toBe('path_refused');
    expect(testEnv.sandbox.ledger.summary().tablesCreated).toBe(0);
    const published = ['completed', 'partial'];
    expect(published).toContain(await refusal(rows, to));
    expect(published).toContain(await refusal(rows, join(location, 'exports', 'x', 'r.jsonl')));
    expect(await readdir(far)).toEqual(['list.csv']);
  } finally {
    await rm(far, { recursive: true });
  }
});
