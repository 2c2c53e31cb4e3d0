import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../sandbox/index.ts';
import { manualClock, type ManualClock } from '../support/manual-clock.ts';
import { TOKEN } from '../support/test-env.ts';
import { allEnv } from '../support/providers/cases.ts';
import { extruct } from '../support/providers/extruct.ts';
import { eventually } from '../support/eventually.ts';
import { pipelineText, rowmill, workplace, type Workplace } from './command.ts';

const NAMES = ['3M', 'A. O. Smith', 'AbbVie', 'Accenture'];

let sandbox: Sandbox;
let place: Workplace;
let clock: ManualClock;

beforeEach(async () => {
  clock = manualClock();
  sandbox = await startSandbox({
    token: TOKEN,
    speed: 60,
    concurrency: 1,
    failRate: 0,
    alwaysFailsRate: 0,
    cellMs: { min: 60_000, max: 60_000 },
    realMs: clock.realMs,
  });
  place = await workplace(null);
});

afterEach(async () => {
  await place.remove();
  await sandbox.close();
});

const here = () => ({
  cwd: place.cwd,
  env: {
    ...allEnv(sandbox.url),
    ...(process.env['ROWMILL_TEST_BUNDLE'] === undefined
      ? {}
      : { ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] }),
  },
});

const write = (names: readonly string[]): Promise<void> =>
  writeFile(
    join(place.cwd, 'pipeline.json'),
    pipelineText({
      provider: extruct.name,
      table: extruct.tables.one,
      rows: {
        inline: names.map((Security, at) => ({ Symbol: `S${at}`, Security })),
        key: 'Symbol',
        map: extruct.map,
      },
      run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '10m', deadline: '30m' },
    }),
  );

/** Starts a run, and leaves it in the middle of its cells. */
async function abandon(id: string): Promise<void> {
  const before = sandbox.ledger.summary().cellsDone;
  const run = rowmill(['run', 'pipeline.json', '--embedded', '--id', id], here());
  await run.says('running, pass 1');
  await eventually('a cell is done', () => sandbox.ledger.summary().cellsDone > before);
  clock.freeze();
  run.child.kill('SIGINT');
  await run.endsWith(130);
}

test('an abandoned embedded run stays asleep beside the next one', async () => {
  await write(NAMES);
  await abandon('wrong');
  const paidBefore = sandbox.ledger.summary().cellsPaid;

  // One row instead of four: other work.
  await write(NAMES.slice(0, 1));
  clock.resume();
  const args = ['run', 'pipeline.json', '--embedded', '--id', 'right'];
  const next = await rowmill(args, here()).endsWith(0);
  expect(next.stderr).toContain('1 unfinished run of earlier commands here:\n  wrong, started ');
  expect(next.stderr).toContain(
    'Left asleep: nothing is asked for or paid. `rowmill resume wrong`',
  );

  const listed = await rowmill(['list', '--embedded', '--json'], here()).endsWith(0);
  const { runs } = JSON.parse(listed.stdout) as { runs: { workflowId: string; status: string }[] };
  expect(runs.map(({ workflowId, status }) => [workflowId, status])).toEqual([
    ['wrong', 'RUNNING'],
    ['right', 'COMPLETED'],
  ]);
  // The request of the first was sent long ago: no other followed, and its table is untouched.
  expect(sandbox.ledger.summary()).toMatchObject({ tablesCreated: 2, runs: 2 });
  expect(sandbox.ledger.summary().cellsPaid).toBeGreaterThanOrEqual(paidBefore);
  const watched = await rowmill(['watch', 'wrong', '--embedded'], here()).endsWith(2);
  expect(watched.stderr).toContain('it is asleep: no worker serves it here');
});

test('a run that is asleep is shown, cancelled and resumed with no server up', async () => {
  await write(NAMES);
  await abandon('first');
  const shown = await rowmill(['status', 'first', '--embedded'], here()).endsWith(0);
  expect(shown.stdout).toMatch(/^first {2}running\n/);
  clock.resume();
  const cancelled = await rowmill(['cancel', 'first', '--embedded'], here()).endsWith(0);
  expect(cancelled.stderr).toContain('first: cancelled');

  await abandon('second');
  clock.resume();
  const resumed = await rowmill(['resume', 'second', '--embedded'], here()).endsWith(0);
  expect(resumed.stdout).toContain('second completed');
  const none = rowmill(['list', '--embedded'], { ...here(), cwd: '/' });
  expect((await none.endsWith(2)).stderr).toContain('no embedded run was ever started');
});
