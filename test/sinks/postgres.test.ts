import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { PostgresTarget, TableTarget } from '../../src/contract/pipeline.ts';
import type { ResultRow } from '../../src/contract/results.ts';
import { RowmillError } from '../../src/errors.ts';
import { postgres } from '../../src/sinks/postgres/index.ts';
import type { ResultColumns } from '../../src/sinks/port/sink.ts';
import { takenOver } from '../support/closed-fence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { Missing, resultRow } from './result-row.ts';
import { newFolder, RESULTS, storeResults } from './results.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server.close());
beforeEach(async () => {
  await server.query('DROP SCHEMA IF EXISTS gtm CASCADE; CREATE SCHEMA gtm');
});

const COLUMNS: ResultColumns = {
  columns: ['revenue', 'staff', 'public', 'board', 'note'],
  inputs: ['input'],
  answers: {
    revenue: { type: 'number' },
    staff: { type: 'integer' },
    public: { type: 'boolean' },
    board: { type: 'array' },
  },
};
const target = (fields: Partial<PostgresTarget> = {}): TableTarget => ({
  postgres: { urlEnv: 'WAREHOUSE_URL', table: 'gtm.sp500', mode: 'upsert', ...fields },
});
const envOf = (user?: string) => ({ WAREHOUSE_URL: server.url(user) });

interface Published {
  fields?: Partial<PostgresTarget>;
  columns?: ResultColumns;
  run?: string;
  user?: string;
}
const publish = async (
  rows: ResultRow[],
  { fields = {}, columns = COLUMNS, run = 'first', user }: Published = {},
) => {
  const folder = newFolder();
  await storeResults(folder, rows);
  return postgres.publish(folder, target(fields), {
    storeName: RESULTS,
    columns,
    run: { workflowId: run, firstRunId: 'r' },
    pipeline: 'sp500',
    env: envOf(user),
  });
};
const probe = (fields: Partial<PostgresTarget> = {}, user?: string, columns = COLUMNS) =>
  postgres.probe(target(fields), { columns, env: envOf(user) });
const table = () => server.query('SELECT * FROM gtm.sp500 ORDER BY key');
const row = (key: string, answers: Parameters<typeof resultRow>[2]) =>
  resultRow(key, { input: `Company ${key}` }, answers);

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `c${at}`);

const MMM = row('MMM', {
  revenue: 0.1,
  staff: 92_000,
  public: true,
  board: ['Ada "A"', 'a\\b', 'null'],
  note: 'line\none,"two"\t\\N',
});

test('a step that another worker has taken over leaves the table as it is', async () => {
  await publish([MMM]);
  const before = await table();
  const again = takenOver(() => publish([row('AOS', {})], { run: 'second' }));
  await expect(again).rejects.toThrow(/not confirmed/);
  expect(await table()).toEqual(before);
});

test('a new table has every value in a typed column', async () => {
  expect(await publish([MMM])).toEqual({ rows: 1, repeated: false });
  expect(await table()).toEqual([
    {
      key: 'MMM',
      input: 'Company MMM',
      revenue: 0.1,
      staff: '92000',
      public: true,
      board: ['Ada "A"', 'a\\b', 'null'],
      note: 'line\none,"two"\t\\N',
      _status: 'complete',
      _sources: [],
    },
  ]);
  const types = await server.query(
    `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'sp500'`,
  );
  expect(types).toContainEqual({ column_name: 'staff', data_type: 'bigint' });
  expect(types).toContainEqual({ column_name: 'board', data_type: 'jsonb' });
});

test('an upsert changes only its own keys and columns', async () => {
  await publish([MMM, row('AOS', { staff: 1 })]);
  await server.query(
    `ALTER TABLE gtm.sp500 ADD COLUMN owner text; UPDATE gtm.sp500 SET owner = 'ann'`,
  );
  await publish([row('MMM', { staff: 2 }), row('ABT', { staff: 3 })], { run: 'second' });
  expect(await server.query('SELECT key, staff, owner FROM gtm.sp500 ORDER BY key')).toEqual([
    { key: 'ABT', staff: '3', owner: null },
    { key: 'AOS', staff: '1', owner: 'ann' },
    { key: 'MMM', staff: '2', owner: 'ann' },
  ]);
});

test('append adds the rows of each run', async () => {
  const append = { mode: 'append' } as const;
  await publish([MMM], { fields: append });
  await publish([MMM], { fields: append, run: 'second' });
  expect(await table()).toHaveLength(2);
});

test('replace keeps only the rows of the run', async () => {
  await publish([MMM]);
  await publish([row('AOS', { staff: 1 })], { fields: { mode: 'replace' }, run: 'second' });
  expect(await table()).toMatchObject([{ key: 'AOS' }]);
});

test.each(['upsert', 'append', 'replace'] as const)('a repeated %s does nothing', async (mode) => {
  await publish([MMM], { fields: { mode } });
  await server.query('UPDATE gtm.sp500 SET staff = 5');
  expect(await publish([MMM], { fields: { mode } })).toEqual({ rows: 1, repeated: true });
  expect(await table()).toMatchObject([{ staff: '5' }]);
});

test('results of a run that have changed are published again', async () => {
  await publish([row('MMM', { staff: 1 })]);
  expect(await publish([row('MMM', { staff: 2 })])).toEqual({ rows: 1, repeated: false });
  expect(await table()).toMatchObject([{ staff: '2' }]);
});

test('an earlier run is published again if another one came after it', async () => {
  await publish([row('MMM', { staff: 1 })]);
  await publish([row('MMM', { staff: 2 })], { run: 'second' });
  expect(await publish([row('MMM', { staff: 1 })])).toEqual({ rows: 1, repeated: false });
  expect(await table()).toMatchObject([{ staff: '1' }]);
});

test('two publications at once make one table with the rows of both', async () => {
  await Promise.all([
    publish([row('A', { staff: 1 })], { run: 'one' }),
    publish([row('B', { staff: 2 })], { run: 'two' }),
  ]);
  expect(await table()).toMatchObject([{ key: 'A' }, { key: 'B' }]);
  expect(await server.query('SELECT * FROM gtm._rowmill_runs')).toHaveLength(2);
});

test('missing and invalid answers are null', async () => {
  await publish([row('A', { staff: 'n/a', revenue: new Missing('failed') })]);
  expect(await table()).toMatchObject([
    {
      staff: null,
      revenue: null,
      _status: expect.stringMatching(/^revenue=failed;staff=invalid;/),
    },
  ]);
});

test('NUL in a text is replaced', async () => {
  await publish([row('A', { note: 'a\0b' })]);
  expect(await table()).toMatchObject([{ note: 'a\uFFFDb' }]);
});

test('NUL in JSON is replaced, in names too', async () => {
  await publish([row('A', { board: [{ 'a\0b': ['x\0'] }] })]);
  expect(await table()).toMatchObject([{ board: [{ 'a\uFFFDb': ['x\uFFFD'] }] }]);
});

test('new columns are added to a table that is there', async () => {
  await publish([MMM], { columns: { columns: ['staff'], inputs: ['input'] } });
  await publish([MMM], {
    run: 'second',
    columns: { columns: ['staff', 'note'], inputs: ['input'] },
  });
  expect(await table()).toMatchObject([{ note: 'line\none,"two"\t\\N' }]);
});

const refused = (what: RegExp, remedy: RegExp) =>
  expect.objectContaining({
    code: 'sink_unwritable',
    where: 'postgres:WAREHOUSE_URL/gtm.sp500',
    what: expect.stringMatching(what),
    remedy: expect.stringMatching(remedy),
  });

test('a column of another type is refused with the statement to run', async () => {
  await server.query('CREATE TABLE gtm.sp500 (key text PRIMARY KEY, staff text)');
  const error = refused(
    /staff is text, the results have bigint/,
    /^ALTER TABLE "gtm"\."sp500" ALTER COLUMN "staff" TYPE bigint USING "staff"::bigint;$/,
  );
  await expect(probe()).rejects.toEqual(error);
  await expect(publish([MMM])).rejects.toEqual(error);
  expect(await table()).toEqual([]);
  expect(await server.query(`SELECT to_regclass('gtm._rowmill_runs') AS runs`)).toEqual([
    { runs: null },
  ]);
  // The statement that is named corrects it.
  await server.query('ALTER TABLE gtm.sp500 ALTER COLUMN staff TYPE bigint USING staff::bigint');
  await probe();
});

test('an upsert cannot use an index that could not be built', async () => {
  await server.query('CREATE TABLE gtm.sp500 (key text)');
  await server.query('CREATE UNIQUE INDEX broken ON gtm.sp500 (key)');
  await server.query(
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'gtm.broken'::regclass`,
  );
  await expect(probe()).rejects.toEqual(refused(/unique index on key/, /^CREATE UNIQUE INDEX/));
});

test('an upsert into a table without a unique key names the index to make', async () => {
  await server.query('CREATE TABLE gtm.sp500 (key text)');
  const statement = /^CREATE UNIQUE INDEX ON "gtm"\."sp500" \("key"\);$/;
  await expect(probe()).rejects.toEqual(refused(/unique index on key/, statement));
  await probe({ mode: 'append' });
});

test('a missing privilege is named with its GRANT', async () => {
  await server.query('DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN');
  const both = /^GRANT USAGE, CREATE ON SCHEMA "gtm" TO "reader";$/;
  await expect(probe({}, 'reader')).rejects.toEqual(refused(/USAGE, CREATE on schema gtm/, both));
  await server.query('GRANT CREATE ON SCHEMA gtm TO reader');
  const usage = /^GRANT USAGE ON SCHEMA "gtm" TO "reader";$/;
  await expect(probe({}, 'reader')).rejects.toEqual(refused(/USAGE on schema gtm/, usage));
  await server.query(
    'GRANT USAGE ON SCHEMA gtm TO reader; REVOKE CREATE ON SCHEMA gtm FROM reader',
  );
  const create = /^GRANT CREATE ON SCHEMA "gtm" TO "reader";$/;
  await expect(probe({}, 'reader')).rejects.toEqual(refused(/CREATE on schema gtm/, create));
  await publish([MMM]);
  await server.query('GRANT SELECT ON gtm.sp500, gtm._rowmill_runs TO reader');
  const insert = /^GRANT INSERT, UPDATE ON "gtm"\."sp500" TO "reader";$/;
  await expect(probe({}, 'reader')).rejects.toEqual(refused(/INSERT, UPDATE on/, insert));
  await server.query('GRANT INSERT, UPDATE ON gtm.sp500, gtm._rowmill_runs TO reader');
  await probe({}, 'reader');
  expect(await publish([MMM], { user: 'reader', run: 'second' })).toMatchObject({ rows: 1 });
});

test.each([
  ['TEMPORARY', 'TEMP', /TEMPORARY on database postgres is missing/],
  ['CONNECT', 'CONNECT', /CONNECT on the database is missing/],
])('the missing privilege %s on the database is named', async (name, privilege, reason) => {
  await server.query('DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN');
  await server.query('GRANT USAGE, CREATE ON SCHEMA gtm TO reader');
  await server.query(`REVOKE ${privilege} ON DATABASE postgres FROM PUBLIC`);
  try {
    const statement = new RegExp(`^GRANT ${name} ON DATABASE `);
    await expect(probe({}, 'reader')).rejects.toEqual(refused(reason, statement));
  } finally {
    await server.query(`GRANT ${privilege} ON DATABASE postgres TO PUBLIC`);
  }
});

test('a column that the rows keep from the source is checked like an answer', async () => {
  await server.query('CREATE TABLE gtm.sp500 (key text PRIMARY KEY, "Since" integer)');
  const columns = { ...COLUMNS, source: ['Since'] };
  const statement = /ALTER COLUMN "Since" TYPE text USING "Since"::text;$/;
  await expect(probe({}, undefined, columns)).rejects.toEqual(
    refused(/Since is int4, the results have text/, statement),
  );
});

test('columns that no row can be written with are refused with the statements to run', async () => {
  await server.query(
    `CREATE TABLE gtm.sp500 (key text PRIMARY KEY, team text NOT NULL, since date NOT NULL DEFAULT now(),
       id int GENERATED ALWAYS AS IDENTITY, staff bigint GENERATED ALWAYS AS (1) STORED)`,
  );
  const statements = [
    'ALTER TABLE "gtm"."sp500" ALTER COLUMN "team" DROP NOT NULL;',
    'ALTER TABLE "gtm"."sp500" ALTER COLUMN "staff" DROP EXPRESSION;',
  ];
  await expect(probe()).rejects.toMatchObject({
    what: expect.stringMatching(/team must have a value.*staff is computed by the table$/),
    remedy: statements.join(' '),
  });
  for (const statement of statements) await server.query(statement);
  await probe();
  expect(await publish([MMM])).toMatchObject({ rows: 1 });
});

const named = (...names: string[]): ResultColumns => ({ columns: [], inputs: [], source: names });

test.each<[string, ResultColumns, RegExp]>([
  ['a column of the server', named('CTID', 'ctid'), /PostgreSQL has a column "ctid" of its own/],
  ['an empty name', named(''), /a column has no name/],
  ['NUL in a name', named('a\0b'), /"a\uFFFDb" has a zero character/],
  ['names that are too long', named('x'.repeat(64), 'é'.repeat(32)), /2 column names have more/],
  [
    'too many columns',
    named(...numbered(1_598)),
    /would have 1601 columns, PostgreSQL allows 1600/,
  ],
])('%s is refused before anything is paid', async (_what, columns, what) => {
  await expect(probe({}, undefined, columns)).rejects.toEqual(refused(what, /`rows\.keep`/));
});

test('columns that were dropped count towards the most that a table may have', async () => {
  const names = numbered(1_500);
  await server.query(
    `CREATE TABLE gtm.sp500 (key text PRIMARY KEY, ${names.map((name) => `${name} int`).join(', ')})`,
  );
  await server.query(`ALTER TABLE gtm.sp500 ${names.map((name) => `DROP ${name}`).join(', ')}`);
  const columns = named(...numbered(100));
  const what = /would have 1603 columns, with those that were dropped, PostgreSQL allows 1600/;
  await expect(probe({}, undefined, columns)).rejects.toEqual(refused(what, /another table/));
  await probe({}, undefined, named(...numbered(97)));
});

test('an answer that may be missing is refused where its column must have a value', async () => {
  await server.query(
    `CREATE TABLE gtm.sp500 (key text PRIMARY KEY, input text NOT NULL, note text NOT NULL DEFAULT '')`,
  );
  const statement = /^ALTER TABLE "gtm"\."sp500" ALTER COLUMN "note" DROP NOT NULL;$/;
  await expect(probe()).rejects.toEqual(
    refused(/note must have a value, and an answer may be missing$/, statement),
  );
});

test.each([
  ['date', 'staff', 'bigint'],
  ['uuid', 'revenue', 'double precision'],
  ['text[]', 'note', 'text'],
  ['int4', 'board', 'jsonb'],
])('the statement that corrects a column of type %s runs', async (type, column) => {
  await server.query(`CREATE TABLE gtm.sp500 (key text PRIMARY KEY, ${column} ${type})`);
  const problem: unknown = await probe().catch((error: unknown) => error);
  expect(problem).toEqual(refused(/a column has another type/, /^ALTER TABLE/));
  if (problem instanceof RowmillError) await server.query(problem.remedy);
  await probe();
});

test('the table of publications is no target', async () => {
  await expect(probe({ table: 'gtm._rowmill_runs' })).rejects.toMatchObject({
    what: expect.stringMatching(/rowmill records its publications there/),
    remedy: 'Name another table.',
  });
});

test.each<[string, string, RegExp, RegExp]>([
  ['too long', 'note varchar(3)', /too long for type character varying\(3\)/, /TYPE text;$/],
  ['too large', 'revenue numeric(3, 2)', /numeric field overflow/, /TYPE numeric;$/],
  ['repeated', 'note text UNIQUE', /unique constraint "sp500_note_key"/, /DROP CONSTRAINT …;$/],
  ['refused', `note text CHECK (note = '')`, /check constraint/, /DROP CONSTRAINT …;$/],
])(
  'an answer that is %s for its column is named with a statement',
  async (_w, column, what, fix) => {
    await server.query(`CREATE TABLE gtm.sp500 (key text PRIMARY KEY, ${column})`);
    const rows = ['A', 'B'].map((key) => row(key, { note: 'long', revenue: 1e9 }));
    await expect(publish(rows)).rejects.toEqual(refused(what, fix));
    expect(await table()).toEqual([]);
  },
);

test.each([
  [23, 336],
  [24, 449],
  [300, 500],
])(
  'no row that fits is refused by its source: texts of %d letters in %d columns',
  async (length, count) => {
    const names = numbered(count);
    // Random letters are not compressed; the same one again is.
    const text =
      length > 30 ? 'x'.repeat(length) : randomBytes(12).toString('hex').slice(0, length);
    const fields = Object.fromEntries(names.map((name) => [name, text]));
    const columns: ResultColumns = { columns: [], inputs: ['input'], source: names };
    const one = row('A', {});
    const source = { key: 'A', input: one.input, source: fields };
    await postgres.probe(target(), { columns, env: envOf(), rows: Readable.from([source]) });
    expect(await publish([{ ...one, source: fields }], { columns })).toMatchObject({ rows: 1 });
  },
);

test('a row that is larger than a page of the server is named with what helps', async () => {
  const names = numbered(900);
  const texts = Object.fromEntries(names.map((name) => [name, `a text in ${name}`]));
  const published = publish([row('A', texts)], { columns: { columns: names, inputs: [] } });
  await expect(published).rejects.toEqual(refused(/row is too big/, /file.*`rows\.keep`/));
});

test('an upsert cannot use an index that is checked at the end of a transaction', async () => {
  await server.query('CREATE TABLE gtm.sp500 (key text UNIQUE DEFERRABLE)');
  await expect(probe()).rejects.toEqual(refused(/unique index on key/, /^CREATE UNIQUE INDEX/));
});

test('a table of another program where publications are recorded is refused', async () => {
  await server.query('CREATE TABLE gtm._rowmill_runs (table_name text)');
  const rename = /^ALTER TABLE "gtm"\."_rowmill_runs" RENAME TO /;
  await expect(probe()).rejects.toEqual(refused(/_rowmill_runs is not of rowmill/, rename));
});

test.each<[string, string | undefined, RegExp]>([
  ['a variable that is not set', undefined, /WAREHOUSE_URL is not set/],
  ['no address', 'secret-word', /has no address of PostgreSQL/],
  ['an address that cannot be read', 'postgres://u:secret-word@[/x', /no address|server/],
  ['a server that does not answer', 'postgres://u:secret-word@127.0.0.1:1/x', /does not answer/],
])('%s is refused without its text', async (_what, url, reason) => {
  const env = url === undefined ? {} : { WAREHOUSE_URL: url };
  const error: unknown = await postgres
    .probe(target(), { columns: COLUMNS, env })
    .catch((e: unknown) => e);
  expect(error).toEqual(refused(reason, /WAREHOUSE_URL/));
  expect(JSON.stringify(error) + String(error)).not.toContain('secret-word');
});

test('a schema that is not there, a view and a long name are refused before anything is written', async () => {
  await expect(probe({ table: 'other.sp500' })).rejects.toMatchObject({
    remedy: 'CREATE SCHEMA "other";',
  });
  await server.query('CREATE VIEW gtm.sp500 AS SELECT 1 AS key');
  await expect(probe()).rejects.toEqual(refused(/it is no table/, /Name a table/));
  const columns = { columns: ['x'.repeat(64)], inputs: [] };
  const long = postgres.probe(target({ table: 'gtm.long' }), { columns, env: envOf() });
  await expect(long).rejects.toMatchObject({ what: expect.stringMatching(/more than 63 bytes/) });
});
