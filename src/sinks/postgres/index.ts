import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import type { PostgresTarget, TableTarget } from '../../contract/pipeline.ts';
import { fence } from '../../fence.ts';
import type { Folder } from '../../store/store.ts';
import { KEY } from '../port/column-names.ts';
import { flatColumns, type FlatColumn } from '../formats/flat-columns.ts';
import { resultRows } from '../port/rows.ts';
import type { Publication, TableContext, TableSink } from '../port/table-sink.ts';
import { CREATED } from './columns.ts';
import { withConnection } from './connection.ts';
import { copyLine, withoutNul } from './copy-text.ts';
import { addColumn, layoutOf, RUNS } from './layout.ts';
import { quoted, quotedTable, schemaOf, tableOf } from './names.ts';
import { nameOf } from './problem.ts';

/** Treatment of answers by their types, if the target has none. */
const TYPES = 'check';

/** Sink for tables of PostgreSQL. */
export const postgres: TableSink = {
  name: ({ postgres: target }) => nameOf(target),
  types: ({ types = TYPES }) => types,
  probe: ({ postgres: target, types = TYPES }, { columns, env }) =>
    withConnection(target, env, async (client) => {
      await layoutOf(client, target, flatColumns(columns, types));
    }),
  publish: (files, target, context) =>
    withConnection(target.postgres, context.env, (client) =>
      transaction(client, () => publishRows(client, files, target, context)),
    ),
};

async function transaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await fence().change(() => client.query('COMMIT'));
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function publishRows(
  client: Client,
  files: Folder,
  { postgres: target, types = TYPES }: TableTarget,
  context: TableContext,
): Promise<Publication> {
  const columns = flatColumns(context.columns, types);
  // Publications to one schema take turns: two would create the tables at once.
  const turn = `rowmill ${schemaOf(target.table)}`;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [turn]);
  const { isNew, hasRuns, added } = await layoutOf(client, target, columns);
  const runs = `${quoted(schemaOf(target.table))}.${quoted(RUNS)}`;
  if (!hasRuns) await createRuns(client, runs);
  const digest = await digestOf(files, context.storeName);
  const before = await client.query<{ digest: string; rows: string; is_last: boolean }>(
    `SELECT digest, rows, published_at = (SELECT max(published_at) FROM ${runs} WHERE table_name = $1) AS is_last
     FROM ${runs} WHERE table_name = $1 AND workflow_id = $2 AND first_run_id = $3`,
    [tableOf(target.table), context.run.workflowId, context.run.firstRunId],
  );
  const [done] = before.rows;
  // Appended rows would be there twice; other modes may bring back what another run has replaced.
  const isRepeat =
    done !== undefined &&
    !isNew &&
    (target.mode === 'append' || (done.digest === digest && done.is_last));
  if (isRepeat) return { rows: Number(done.rows), repeated: true };
  const copy = (table: string): Promise<number> =>
    copyRows(client, files, table, { columns, types, context });
  let rows: number;
  if (isNew) {
    await createTable(client, target, columns);
    rows = await copy(quotedTable(target.table));
  } else {
    for (const { name, type } of added) await client.query(addColumn(target, name, CREATED[type]));
    await createNewRows(client, columns);
    rows = await copy(NEW_ROWS);
    await moveRows(client, target, columns);
  }
  await client.query(
    `INSERT INTO ${runs} (table_name, workflow_id, first_run_id, pipeline, mode, digest, rows, published_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     ON CONFLICT (table_name, workflow_id, first_run_id) DO UPDATE SET mode = EXCLUDED.mode,
       digest = EXCLUDED.digest, rows = EXCLUDED.rows, published_at = EXCLUDED.published_at`,
    [
      tableOf(target.table),
      context.run.workflowId,
      context.run.firstRunId,
      context.pipeline,
      target.mode,
      digest,
      rows,
    ],
  );
  return { rows, repeated: false };
}

const createRuns = (client: Client, runs: string): Promise<unknown> =>
  client.query(
    `CREATE TABLE ${runs} (table_name text, workflow_id text, first_run_id text,
       pipeline text NOT NULL, mode text NOT NULL, digest text NOT NULL, rows bigint NOT NULL,
       published_at timestamptz NOT NULL, PRIMARY KEY (table_name, workflow_id, first_run_id))`,
  );

function createTable(
  client: Client,
  { table, mode }: PostgresTarget,
  columns: readonly FlatColumn[],
): Promise<unknown> {
  const isKey = (name: string): boolean => mode !== 'append' && name === KEY;
  const lines = columns.map(
    ({ name, type }) => `${quoted(name)} ${CREATED[type]}${isKey(name) ? ' PRIMARY KEY' : ''}`,
  );
  return client.query(`CREATE TABLE ${quotedTable(table)} (${lines.join(', ')})`);
}

const NEW_ROWS = 'pg_temp._rowmill_new';

/** Characters after which lines are sent. */
const BATCH_CHARS = 64 * 1024;

interface Copied {
  columns: readonly FlatColumn[];
  types: Parameters<typeof flatColumns>[1];
  context: TableContext;
}

/** Copies the rows into a table. Returns their number. */
async function copyRows(
  client: Client,
  files: Folder,
  table: string,
  { columns, types, context }: Copied,
): Promise<number> {
  const { from } = (await import('pg-copy-streams')).default;
  let rows = 0;
  async function* batches(): AsyncGenerator<string> {
    let batch = '';
    for await (const { row } of resultRows(files, context, types)) {
      rows += 1;
      batch += copyLine(columns, row);
      if (batch.length < BATCH_CHARS) continue;
      yield withoutNul(batch);
      batch = '';
    }
    if (batch !== '') yield withoutNul(batch);
  }
  const copy = client.query(from(`COPY ${table} FROM STDIN (FORMAT csv)`));
  const { signal } = context;
  await pipeline(Readable.from(batches()), copy, signal === undefined ? {} : { signal });
  return rows;
}

/** Creates the temporary table from which rows are moved to one that is there. */
function createNewRows(client: Client, columns: readonly FlatColumn[]): Promise<unknown> {
  const lines = columns.map(({ name, type }) => `${quoted(name)} ${CREATED[type]}`);
  return client.query(`CREATE TEMP TABLE _rowmill_new (${lines.join(', ')}) ON COMMIT DROP`);
}

async function moveRows(
  client: Client,
  { table, mode }: PostgresTarget,
  columns: readonly FlatColumn[],
): Promise<void> {
  const to = quotedTable(table);
  const names = columns.map(({ name }) => quoted(name));
  if (mode === 'replace') await client.query(`DELETE FROM ${to}`);
  const sets = names
    .filter((name) => name !== quoted(KEY))
    .map((name) => `${name} = EXCLUDED.${name}`);
  const conflict =
    mode === 'upsert' ? ` ON CONFLICT (${quoted(KEY)}) DO UPDATE SET ${sets.join(', ')}` : '';
  const list = names.join(', ');
  await client.query(`INSERT INTO ${to} (${list}) SELECT ${list} FROM ${NEW_ROWS}${conflict}`);
}

async function digestOf(files: Folder, storeName: string): Promise<string> {
  const hash = createHash('sha256');
  await files.visit(storeName, (piece) => {
    hash.update(piece);
    return Promise.resolve();
  });
  return hash.digest('hex');
}
