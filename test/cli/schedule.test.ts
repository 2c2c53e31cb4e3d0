import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { notifyMissedNights } from '../../src/client/schedules/notify-missed-nights.ts';
import type { MissedNight } from '../../src/contract/notifications.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { eventually } from '../support/eventually.ts';
import { COMPANIES, pipelineText, workplace, type Workplace } from './command.ts';

const NAME = `cli-nightly-${process.pid}`;
let testEnv: TestEnv;
let place: Workplace;
beforeAll(async () => {
  testEnv = await startTestEnv({ sandbox: { failRate: 0, alwaysFailsRate: 0 } });
  place = await workplace(testEnv);
  const nightly = { name: NAME, schedule: { at: '02:30', timezone: 'Europe/Berlin' } };
  await writeFile(join(place.cwd, 'nightly.json'), pipelineText(nightly));
  await writeFile(join(place.cwd, 'other.json'), pipelineText());
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
});
afterAll(async () => {
  await place.command('schedule', 'delete', NAME);
  await place.remove();
  await testEnv.close();
});

test('a night from apply to delete, as an operator lives it', async () => {
  const schedule = (...args: string[]) => place.command('schedule', ...args);
  const applied = await schedule('apply', 'nightly.json');
  expect(applied).toMatchObject({ code: 0, stdout: `schedule ${NAME} created\n` });
  expect(applied.stderr).toMatch(
    /^Next run: \w{3} \d{4}-\d\d-\d\d 02:30 Europe\/Berlin \(0[01]:30 UTC\)$/m,
  );
  expect(applied.stderr).toMatch(
    /^Note: on \d{4}-03-\d\d there is no 02:30 in Europe\/Berlin: no run/m,
  );
  expect(applied.stderr).toContain('companies.csv when a run starts');
  expect(applied.stderr).toContain('Each run: about 3 credits, by the rows as they are now');
  expect((await schedule('describe', NAME)).stdout).toMatch(/^ {2}state +on$/m);

  const triggered = await schedule('trigger', NAME, '--json');
  const { workflowId } = JSON.parse(triggered.stdout) as { workflowId: string };
  expect(JSON.parse(triggered.stdout)).toEqual({ name: NAME, workflowId, attached: false });
  expect((await place.command('watch', workflowId)).code).toBe(0);

  expect((await schedule('pause', NAME, '--note', 'moving house')).code).toBe(0);
  const list = await schedule('list');
  expect(list.stdout).toMatch(new RegExp(`${NAME} +paused: moving house +.* completed +1 `));
  expect((await schedule('resume', NAME)).code).toBe(0);

  const keyed = `${NAME}:monday`;
  const byKey = () => schedule('trigger', NAME, '--key', 'monday');
  expect((await byKey()).stdout).toBe(`started ${keyed}\n`);
  expect((await byKey()).stdout).toBe(`${keyed} was started by this key before\n`);
  expect((await place.command('watch', keyed)).code).toBe(0);

  let described = await schedule('describe', NAME);
  // Runs by key are found in the server's list, which lags a moment behind.
  await eventually('the run by key is listed', async () => {
    described = await schedule('describe', NAME);
    return described.stdout.includes(keyed);
  });
  expect(described.stdout).toContain(`  file        ${join(place.cwd, 'nightly.json')}`);
  expect(described.stdout).toMatch(new RegExp(`${workflowId} +completed`));
  expect(described.stdout).toContain('http://127.0.0.1:8233/namespaces/default/workflows/');
  const json = JSON.parse((await schedule('describe', NAME, '--json')).stdout) as object;
  expect(json).toMatchObject({ name: NAME, paused: false, started: 1, skippedByOverlap: 0 });

  expect((await schedule('delete', NAME)).stdout).toBe(`schedule ${NAME} deleted\n`);
  expect((await schedule('describe', NAME)).stderr).toContain('error[schedule_not_found]');
});

test('describe lists missed nights, with the command that makes up for each', async () => {
  const name = `${NAME}-missed`;
  const missed = { name, schedule: { at: '02:30', timezone: 'UTC' } };
  await writeFile(join(place.cwd, 'missed.json'), pipelineText(missed));
  await place.command('schedule', 'apply', 'missed.json');
  const before = await place.command('schedule', 'describe', name, '--json');
  expect(JSON.parse(before.stdout)).toMatchObject({ missedNights: [] });

  // What a worker notices in four days: three nights, or four.
  const { client, store, taskQueue } = testEnv;
  await notifyMissedNights(client, store, { taskQueue, nowMs: Date.now() + 4 * 86_400_000 });
  const json = await place.command('schedule', 'describe', name, '--json');
  const { missedNights } = JSON.parse(json.stdout) as { missedNights: MissedNight[] };
  expect(missedNights.length).toBeGreaterThanOrEqual(3);
  const { stdout } = await place.command('schedule', 'describe', name);
  expect(stdout).toMatch(/^Missed nights\n +due +what +command$/m);
  for (const { dueAt, command } of missedNights) {
    expect(command).toBe(`rowmill schedule backfill ${name} --from ${dueAt} --to ${dueAt}`);
    const line = `^ +\\w{3} ${dueAt.slice(0, 10)} 02:30 +not started +${command}$`;
    expect(stdout).toMatch(new RegExp(line, 'm'));
  }
  await place.command('schedule', 'delete', name);
});

test('the price of every cell is the most that a night on a lasting table asks for', async () => {
  const name = `${NAME}-kept`;
  const loaded: unknown = JSON.parse(pipelineText());
  // The text of a pipeline file.
  const { table } = loaded as { table: object };
  const kept = { name, table: { ...table, keep: true }, schedule: { at: '02:30' } };
  await writeFile(join(place.cwd, 'kept.json'), pipelineText(kept));
  const applied = await place.command('schedule', 'apply', 'kept.json');
  expect(applied.stderr).toContain(
    'Each run: only cells that are due, at most about 3 credits, by the rows as they are now',
  );
  const span = ['--from', '2026-01-05', '--to', '2026-01-07'];
  const asked = await place.command('schedule', 'backfill', name, ...span);
  expect(asked.stderr).toContain(
    '3 runs: only cells that are due, at most about 9 credits (3 a run)',
  );
  await place.command('schedule', 'delete', name);
});

test('deleting a schedule reports the runs that had not started', async () => {
  const schedule = (...args: string[]) => place.command('schedule', ...args);
  const name = `${NAME}-held`;
  const held = { name, spend: { approveAbove: 0 }, schedule: { at: '02:30' } };
  await writeFile(join(place.cwd, 'held.json'), pipelineText(held));
  await schedule('apply', 'held.json');
  const span = ['--from', '2026-01-05', '--to', '2026-01-07'];
  const asked = await schedule('backfill', name, ...span);
  expect(asked.stderr).toContain('3 runs: about 9 credits (3 a run)');
  expect(asked.stderr).toMatch(
    /error\[spend_refused\].*3 runs not confirmed; none was started\n.*--yes/,
  );
  expect((await schedule('backfill', name, ...span, '--yes')).stdout).toMatch(/^3 runs started/);
  let first = '';
  await eventually('the first one is in progress', async () => {
    const { stdout } = await schedule('describe', name, '--json');
    first = (JSON.parse(stdout) as { running: string[] }).running[0] ?? '';
    return first !== '';
  });
  const deleted = await schedule('delete', name);
  expect(deleted.stdout).toBe(`schedule ${name} deleted\n`);
  expect(deleted.stderr).toBe(
    '2 runs that waited to start went with it.\n' +
      `Make up for them: \`rowmill schedule apply\`, then \`rowmill schedule backfill ${name}\`.\n`,
  );
  await place.command('cancel', first);
});

test.each([
  [['apply', 'other.json'], /error\[usage\] .*other\.json.*\n→ Add one: schedule/],
  [['backfill', NAME, '--from', '2026-02-30', '--to', '2026-03-01'], /--from.*2026-02-30/],
  [['backfill', NAME, '--from', '2026-01-01', '--to', '2026-02-30T00:00:00Z'], /--to.*02-30/],
  [['backfill', NAME, '--from', 'yesterday', '--to', '2026-03-01'], /no day and no time/],
  [['backfill', NAME, '--from', '2026-01-01'], /--to/],
  [['trigger', 'no-such-name'], /error\[schedule_not_found\]/],
  [['nightly'], /error\[usage\]/],
])('schedule %j is refused with 2', async (args, says) => {
  const { code, stderr, stdout } = await place.command('schedule', ...args);
  expect(stderr).toMatch(says);
  expect(code).toBe(2);
  expect(stdout).toBe('');
});
