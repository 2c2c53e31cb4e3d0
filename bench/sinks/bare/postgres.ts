import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { flatRows, type Job } from './rows.ts';

const COLUMNS =
  'key text, input text, sector text, employees bigint, profile text, _status text, _sources text[]';

/** Copies the rows into a new table with the same libraries. */
export const bare = ({ from, to }: Job): Promise<void> =>
  inTransaction(async (client) => {
    await client.query(`CREATE TABLE ${to} (${COLUMNS}, PRIMARY KEY (key))`);
    await copy(client, from, to);
  });

/** Copies the rows and merges them into a table that has them already. */
export const bareUpsert = ({ from, to }: Job): Promise<void> =>
  inTransaction(async (client) => {
    await client.query(`CREATE TEMP TABLE bare_new (${COLUMNS}) ON COMMIT DROP`);
    await copy(client, from, 'bare_new');
    await client.query(
      `INSERT INTO ${to} SELECT * FROM bare_new ON CONFLICT (key) DO UPDATE SET
         input = EXCLUDED.input, sector = EXCLUDED.sector, employees = EXCLUDED.employees,
         profile = EXCLUDED.profile, _status = EXCLUDED._status, _sources = EXCLUDED._sources`,
    );
  });

async function inTransaction(work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: process.env['WAREHOUSE_URL'] });
  await client.connect();
  await client.query('BEGIN');
  await work(client);
  await client.query('COMMIT');
  await client.end();
}

const copy = (client: pg.Client, from: string, table: string): Promise<void> =>
  pipeline(
    Readable.from(lines(from)),
    client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT csv)`)),
  );

/** Characters after which lines are sent. */
const BATCH_CHARS = 64 * 1024;

async function* lines(from: string): AsyncGenerator<string> {
  let batch = '';
  for await (const values of flatRows(from)) {
    batch += `${values.map(fieldOf).join(',')}\n`;
    if (batch.length < BATCH_CHARS) continue;
    yield batch;
    batch = '';
  }
  yield batch;
}

const fieldOf = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value.replaceAll('"', '""')}"`
    : Array.isArray(value)
      ? `"{${value.join(',')}}"`
      : String(value);
