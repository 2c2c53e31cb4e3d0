import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { startS3Proxy, type S3Proxy } from '../support/s3-proxy.ts';
import { BUCKET, ROOT_KEY, startS3Server, type S3Server } from '../support/s3-server.ts';
import { pipelineText, rowmill, workplaceWithPipeline, type Workplace } from './command.ts';

const TABLE = 'postgres:WAREHOUSE_URL/gtm.companies';
const SINCE = 'Symbol,Security,Since\nMMM,3M,1902\nAOS,A. O. Smith,1874\n';

let server: PostgresServer;
let s3: S3Server;
let proxy: S3Proxy;
let place: Workplace;
beforeAll(async () => {
  server = await startPostgres();
  s3 = await startS3Server();
  proxy = await startS3Proxy(s3.url);
  place = await workplaceWithPipeline();
  Object.assign(place.env, ROOT_KEY, { AWS_ENDPOINT_URL: proxy.url, AWS_REGION: 'us-east-1' });
  await writeFile(join(place.cwd, 'companies.csv'), SINCE);
  await writeFile(
    join(place.cwd, 'table.json'),
    pipelineText({
      types: { sector: 'number' },
      results: [{ postgres: { urlEnv: 'WAREHOUSE_URL', table: 'gtm.companies' } }],
    }),
  );
}, 120_000);
beforeEach(async () => {
  await server.query('DROP SCHEMA IF EXISTS gtm CASCADE; CREATE SCHEMA gtm');
});
afterEach(() => {
  proxy.fault = () => null;
});
afterAll(async () => {
  await place.remove();
  await proxy.close();
  await s3.stop();
  await server.close();
});

const connect = (file: string, WAREHOUSE_URL?: string, ...flags: string[]) =>
  rowmill(['check', file, '--connect', ...flags], {
    cwd: place.cwd,
    env: { ...place.env, ...(WAREHOUSE_URL === undefined ? {} : { WAREHOUSE_URL }) },
  }).ended;

const refusal = (what: string, remedy: string): string =>
  `error[sink_unwritable] ${TABLE}: the results cannot be written here: ${what}\n→ ${remedy}\n`;

test('a table that a run can create passes the check', async () => {
  const { code, stdout, stderr } = await connect('table.json', server.url());
  expect(stdout).toMatch(/^cli-test is fine: 1 column of extruct/);
  expect(stdout).toMatch(new RegExp(`^results +${TABLE} \\(upsert\\)$`, 'm'));
  expect([code, stderr]).toEqual([0, 'Next: rowmill run table.json\n']);
  expect(await server.query(`SELECT to_regclass('gtm.companies') AS made`)).toEqual([
    { made: null },
  ]);
});

test('without --connect no database is looked at', async () => {
  expect((await place.command('check', 'table.json')).code).toBe(0);
});

test.each([
  [
    'a schema that is not there',
    'DROP SCHEMA gtm',
    'there is no schema gtm',
    'CREATE SCHEMA "gtm";',
  ],
  [
    'an answer that does not fit its column',
    'CREATE TABLE gtm.companies (key text PRIMARY KEY, sector text)',
    'a column has another type: sector is text, the results have double precision',
    'ALTER TABLE "gtm"."companies" ALTER COLUMN "sector" TYPE double precision USING "sector"::double precision;',
  ],
  [
    'a column kept from the source that does not fit',
    'CREATE TABLE gtm.companies (key text PRIMARY KEY, "Since" date)',
    'a column has another type: Since is date, the results have text',
    'ALTER TABLE "gtm"."companies" ALTER COLUMN "Since" TYPE text USING "Since"::text;',
  ],
  [
    'a column that no row fills',
    'CREATE TABLE gtm.companies (key text PRIMARY KEY, team text NOT NULL)',
    'team must have a value, and the results have none',
    'ALTER TABLE "gtm"."companies" ALTER COLUMN "team" DROP NOT NULL;',
  ],
])('%s is refused with the statement to run', async (_what, made, what, remedy) => {
  await server.query(made);
  const { code, stdout, stderr } = await connect('table.json', server.url());
  expect(stderr).toBe(refusal(what, remedy));
  expect([code, stdout]).toEqual([2, '']);
});

test('each missing privilege is named with its GRANT, until none is missing', async () => {
  await server.query('CREATE ROLE reader LOGIN; CREATE TABLE gtm.companies (key text PRIMARY KEY)');
  await server.query(
    'ALTER TABLE gtm.companies ADD input text, ADD "Since" text, ADD sector float8, ADD _status text, ADD _sources text[]',
  );
  const granted: string[] = [];
  for (let left = 4; left > 0; left -= 1) {
    const { code, stderr } = await connect('table.json', server.url('reader'));
    if (code === 0) break;
    const grant = /^error\[sink_unwritable\].* is missing\n→ (GRANT .*;)\n$/.exec(stderr)?.[1];
    granted.push(grant ?? stderr);
    await server.query(grant ?? '');
  }
  expect(granted).toEqual([
    'GRANT USAGE, CREATE ON SCHEMA "gtm" TO "reader";',
    'GRANT SELECT, INSERT, UPDATE ON "gtm"."companies" TO "reader";',
  ]);
});

test.each([
  ['not set', undefined, /the variable WAREHOUSE_URL is not set here\n→ Set WAREHOUSE_URL to /],
  [
    'of no server',
    'postgres://u:secret-word@127.0.0.1:1/x',
    /the server does not answer \(ECONNREFUSED\)\n→ Check the address in WAREHOUSE_URL /,
  ],
])('an address that is %s is named by its variable', async (_what, url, says) => {
  const { code, stderr } = await connect('table.json', url);
  expect(stderr).toMatch(says);
  expect(stderr).not.toContain('secret-word');
  expect(code).toBe(2);
});

test('a database that is not there is named by the variable of its address', async () => {
  const { stderr } = await connect('table.json', server.url().replace(/\w+$/, 'nowhere'));
  expect(stderr).toBe(
    refusal('there is no such database', 'Correct the address in WAREHOUSE_URL.'),
  );
});

const onS3 = async (bucket: string): Promise<void> => {
  const results = [{ to: `s3://${bucket}/out.jsonl` }];
  await writeFile(join(place.cwd, 's3.json'), pipelineText({ results }));
};

test('an unusable bucket is refused', async () => {
  await onS3('no-such-bucket');
  const missing = await connect('s3.json');
  expect(missing.stderr).toMatch(
    /^error\[sink_unwritable\] s3:\/\/no-such-bucket\/out\.jsonl: .*there is no bucket no-such-bucket at http.*\n→ Create the bucket, or correct the address/,
  );
  expect(missing.code).toBe(2);
  await onS3(BUCKET);
  proxy.fault = ({ method }) => (method === 'PUT' ? { status: 403, code: 'AccessDenied' } : null);
  const denied = await connect('s3.json');
  expect(denied.stderr).toContain(
    `the credentials may not write in bucket ${BUCKET} (s3:PutObject)\n→ Allow s3:PutObject to these credentials.\n`,
  );
  expect(denied.code).toBe(2);
  proxy.fault = () => null;
  expect((await connect('s3.json')).code).toBe(0);
});

test('all targets that cannot be written are named at once', async () => {
  const results = [
    { to: 'companies.csv/out.jsonl' },
    { postgres: { urlEnv: 'WAREHOUSE_URL', table: 'nowhere.companies' } },
  ];
  await writeFile(join(place.cwd, 'both.json'), pipelineText({ results }));
  const { code, stderr } = await connect('both.json', server.url());
  expect(stderr).toContain('error[sink_unwritable] 2 results cannot be written\n');
  expect(stderr).toMatch(/companies\.csv.* file/);
  expect(stderr).toContain('there is no schema nowhere');
  expect(code).toBe(2);
});

test('a report that could not be written is only a warning', async () => {
  const before = await readdir(place.cwd);
  await mkdir(join(place.cwd, 'out', 'results.report.html'), { recursive: true });
  const { code, stderr } = await connect('pipeline.yaml');
  expect(stderr).toMatch(
    /^warning the run would write no report: \S+results\.report\.html: .*folder$/m,
  );
  expect(code).toBe(0);
  await writeFile(join(place.cwd, 'plain.json'), pipelineText({ report: false }));
  expect((await connect('plain.json')).stderr).not.toContain('report');
  expect(await readdir(place.cwd)).toEqual([...before, 'out', 'plain.json'].sort());
});
