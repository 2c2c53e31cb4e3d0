import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startTestEnv, type TestEnv } from '../support/test-env.ts';
import { COMPANIES, pipelineText, rowmill, workplace, type Workplace } from './command.ts';

const TABLE = 'postgres:WAREHOUSE_URL/public.companies';
const RESULTS = [
  { to: 'out/results.jsonl' },
  { to: 'out/results.csv' },
  { postgres: { urlEnv: 'WAREHOUSE_URL', table: 'public.companies' } },
];

let server: PostgresServer;
let testEnv: TestEnv;
let place: Workplace;
let run: string;
beforeAll(async () => {
  server = await startPostgres();
  const WAREHOUSE_URL = server.url();
  testEnv = await startTestEnv({ sandbox: { failRate: 0 }, deps: { env: { WAREHOUSE_URL } } });
  place = await workplace(testEnv);
  Object.assign(place.env, { WAREHOUSE_URL });
  await writeFile(join(place.cwd, 'companies.csv'), COMPANIES);
  await writeFile(join(place.cwd, 'pipeline.json'), pipelineText({ results: RESULTS }));
  run = `publish-${testEnv.taskQueue}`;
  const { code, stdout } = await place.command('run', 'pipeline.json', '--id', run);
  expect(stdout).toContain(`results     ${TABLE} (3 rows)`);
  expect(code).toBe(0);
}, 120_000);
afterEach(async () => {
  await rm(join(place.cwd, 'out'), { recursive: true, force: true });
});
afterAll(async () => {
  await place.remove();
  await testEnv.close();
  await server.close();
});

const out = async (): Promise<string[]> => (await readdir(join(place.cwd, 'out'))).sort();
const keys = async () =>
  (await server.query('SELECT key FROM companies ORDER BY key')).map((row) => row['key']);

test('publish writes every target of the run again, whatever became of its files', async () => {
  const report = join(place.cwd, 'out', 'results.report.html');
  const before = await readFile(report, 'utf8');
  await rm(join(place.cwd, 'out'), { recursive: true });
  const { code, stdout, stderr } = await place.command('publish', run);
  expect(stdout).toBe(
    `out/results.jsonl (3 rows)\nout/results.csv (3 rows)\n${TABLE} (3 rows, already there)\n`,
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(await out()).toEqual(
    ['changes.jsonl', 'csv', 'jsonl', 'manifest.json', 'report.html'].map(
      (end) => `results.${end}`,
    ),
  );
  expect(await readFile(report, 'utf8')).toBe(before);
});

test('a table that lost its rows has them again', async () => {
  await server.query('DROP TABLE companies');
  const { stdout } = await place.command('publish', run, '--to', 'public.companies');
  expect(stdout).toBe(`${TABLE} (3 rows)\n`);
  expect(await keys()).toEqual(['ABT', 'AOS', 'MMM']);
});

test('--to publishes to that target only', async () => {
  const to = join(place.cwd, 'out', 'results.csv');
  const { code, stdout } = await place.command('publish', run, '--to', 'out/results.csv', '--json');
  expect(JSON.parse(stdout)).toEqual({ workflowId: run, published: [{ to, rows: 3 }] });
  expect(code).toBe(0);
  expect(await out()).not.toContain('results.jsonl');
});

test('a failed target does not stop the others', async () => {
  await mkdir(join(place.cwd, 'out', 'results.jsonl'), { recursive: true });
  await server.query('ALTER TABLE companies DROP COLUMN sector');
  await server.query('ALTER TABLE companies ADD COLUMN sector date');
  const { code, stdout, stderr } = await place.command('publish', run);
  expect(stdout).toBe('out/results.csv (3 rows)\n');
  expect(stderr).toMatch(/^error\[sink_unwritable\] \S+results\.jsonl: .* it is a folder\n→ \S/m);
  expect(stderr).toContain(`error[sink_unwritable] ${TABLE}: `);
  expect(stderr).toMatch(
    /sector is date, the results have text\n→ ALTER TABLE "public"\."companies" ALTER COLUMN "sector" TYPE text /,
  );
  expect(code).toBe(2);
  const json = await place.command('publish', run, '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    published: [
      { problem: { code: 'sink_unwritable', message: expect.stringContaining('folder') } },
      { rows: 3 },
      { to: TABLE, problem: { remedy: expect.stringMatching(/^ALTER TABLE /) } },
    ],
  });
  await server.query('DROP TABLE companies');
});

test('a missing privilege is named with its GRANT', async () => {
  await server.query('CREATE ROLE writer LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  const env = { ...place.env, WAREHOUSE_URL: server.url('writer') };
  const args = ['publish', run, '--to', 'public.companies'];
  const { code, stderr } = await rowmill(args, { ...place, env }).ended;
  expect(stderr).toBe(
    `error[sink_unwritable] ${TABLE}: the results cannot be written here: the privilege CREATE on schema public is missing\n` +
      '→ GRANT CREATE ON SCHEMA "public" TO "writer";\n',
  );
  expect(code).toBe(2);
});

test('a missing variable stops only its own target', async () => {
  const { WAREHOUSE_URL: _own, ...env } = place.env;
  const { code, stdout, stderr } = await rowmill(['publish', run], { ...place, env }).ended;
  expect(stderr).toMatch(
    /the variable WAREHOUSE_URL is not set here\n→ Set WAREHOUSE_URL to postgres:/,
  );
  expect(stdout).toBe('out/results.jsonl (3 rows)\nout/results.csv (3 rows)\n');
  expect(code).toBe(2);
});

test('a report file of another program does not stop the results', async () => {
  await mkdir(join(place.cwd, 'out'));
  const report = join(place.cwd, 'out', 'results.report.html');
  await writeFile(report, 'mine');
  const { code, stdout, stderr } = await place.command('publish', run, '--to', 'out/results.csv');
  expect([code, stdout]).toEqual([0, 'out/results.csv (3 rows)\n']);
  expect(stderr).toMatch(
    /^warning no report: \S+results\.report\.html: .* did not write; move it away\n$/,
  );
  expect(await readFile(report, 'utf8')).toBe('mine');
});

test('a target that the run does not have is refused with those it has', async () => {
  const { code, stderr } = await place.command('publish', run, '--to', 'gtm.other');
  expect(stderr).toContain('error[usage] gtm.other: the run has no such target\n→ It has: ');
  expect(stderr).toContain(`results.jsonl, `);
  expect(stderr).toContain(`, ${TABLE}.`);
  expect(code).toBe(2);
});

test('a run without results is refused', async () => {
  const missing = await place.command('publish', 'never-was');
  expect(missing.stderr).toContain('error[run_not_found] run never-was');
  expect(missing.code).toBe(2);
  const waiting = { results: [{ to: 'out/waiting.jsonl' }], spend: { approveAbove: 0 } };
  await writeFile(join(place.cwd, 'waiting.json'), pipelineText(waiting));
  const id = `waiting-${testEnv.taskQueue}`;
  await place.command('run', 'waiting.json', '--id', id, '--detach');
  await eventually('it waits', async () =>
    (await place.command('status', id)).stdout.includes('waiting for approval'),
  );
  const early = await place.command('publish', id);
  expect(early.stderr).toContain(`error[action_refused] run ${id}: there are no results yet`);
  expect(early.stderr).toContain(`→ Wait for it: rowmill watch ${id}\n`);
  expect(early.code).toBe(2);
  await place.command('cancel', id);
});

test('without a Temporal server the store is enough', async () => {
  const env = { ...place.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const args = ['publish', run, '--to', 'out/results.csv'];
  const { code, stdout, stderr } = await rowmill(args, { ...place, env }).ended;
  expect([code, stdout]).toEqual([0, 'out/results.csv (3 rows)\n']);
  expect(stderr).toContain(`Out of the store alone (${testEnv.store.location})`);
});
