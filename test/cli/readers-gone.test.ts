import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../support/manual-clock.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { allEnv } from '../support/providers/cases.ts';
import { COMPANIES, pipelineText, rowmill, workplace, type Workplace } from './command.ts';

const clock = manualClock();

let testEnv: TestEnv;
let place: Workplace;
beforeAll(async () => {
  testEnv = await startTestEnv({
    sandbox: {
      speed: 60,
      failRate: 0,
      alwaysFailsRate: 0,
      realMs: clock.realMs,
      cellMs: { min: 60_000, max: 60_000 },
    },
  });
  place = await workplace(testEnv);
  await writeFile(join(place.cwd, 'pipeline.yaml'), pipelineText());
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
});
afterAll(async () => {
  await place.remove();
  await testEnv.close();
});

const results = async (): Promise<number> =>
  (await readFile(join(place.cwd, 'out', 'results.jsonl'), 'utf8')).trim().split('\n').length;

test('a run is done when the reader of its standard error has left', async () => {
  const args = ['run', 'pipeline.yaml', '--json', '--id', 'stderr-gone'];
  const run = rowmill(args, { cwd: place.cwd, env: place.env });
  run.child.stderr?.destroy();
  const { stdout } = await run.endsWith(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', rows: 3 });
  expect(await results()).toBe(3);
});

test('so is one that brings its own server and worker, when the reader leaves in the middle', async () => {
  clock.freeze();
  const args = ['run', 'pipeline.yaml', '--json', '--id', 'embedded-stderr-gone', '--embedded'];
  const env = {
    ...allEnv(testEnv.sandbox.url),
    ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] ?? '',
  };
  const run = rowmill(args, { cwd: place.cwd, env });
  await run.says('running, pass 1');
  run.child.stderr?.destroy();
  clock.resume();
  const { stdout } = await run.endsWith(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', rows: 3 });
});

test('a completed run whose summary cannot be written does not exit with 0', async () => {
  const args = ['run', 'pipeline.yaml', '--json', '--id', 'stdout-gone', '--out', 'other.jsonl'];
  const run = rowmill(args, { cwd: place.cwd, env: place.env });
  run.child.stdout?.destroy();
  await run.endsWith(1);
  expect((await readFile(join(place.cwd, 'other.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(
    3,
  );
});

test('what is cut off by its reader does not end with 0', async () => {
  const schema = rowmill(['schema'], { cwd: place.cwd, env: place.env });
  schema.child.stdout?.destroy();
  await schema.endsWith(1);
});
