import type { Client } from 'pg';
import type { PostgresTarget, TableTarget } from '../../contract/pipeline.ts';
import { fence } from '../../fence.ts';
import type { Folder } from '../../store/store.ts';
import { KEY } from '../port/column-names.ts';
import { flatColumns, type FlatColumn } from '../formats/flat-columns.ts';
import type { Publication, TableContext, TableSink } from '../port/table-sink.ts';
import { CREATED } from './column-types.ts';
import { withConnection } from './connection.ts';
import { copyRows, digestOf, type CopiedRows } from './copy-rows.ts';
import { addColumn, layoutOf, RUNS } from './layout.ts';
import { quoted, quotedTable, schemaOf, tableOf } from './names.ts';
import { nameOf } from './table-error.ts';
import { refuseLargeRows, rowSizeCaution } from './row-size.ts';

/** Treatment of answers by their types, if the target has none. */
const TYPES = 'check';

/** Sink for tables of PostgreSQL. */
export const postgres: TableSink = {
  name: ({ postgres: target }) => nameOf(target),
  types: ({ types = TYPES }) => types,
  caution: (_target, columns) => rowSizeCaution(columns),
  probe: ({ postgres: target, types = TYPES }, { columns, env, rows }) =>
    withConnection(target, env, async (client) => {
      const laidOut = flatColumns(columns, types);
      await layoutOf(client, target, laidOut);
      if (rows !== undefined) await refuseLargeRows(target, laidOut, rows);
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
  const results: CopiedRows = { files, context, columns, types };
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
    (target.mode === 'append' || (done.is_last && done.digest === (await digestOf(results))));
  if (isRepeat) return { rows: Number(done.rows), repeated: true };
  let copied: { rows: number; digest: string };
  if (isNew) {
    await createTable(client, target, columns);
    copied = await copyRows(client, quotedTable(target.table), results);
  } else {
    for (const { name, type } of added) await client.query(addColumn(target, name, CREATED[type]));
    await createNewRows(client, columns);
    copied = await copyRows(client, NEW_ROWS, results);
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
      copied.digest,
      copied.rows,
    ],
  );
  return { rows: copied.rows, repeated: false };
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
