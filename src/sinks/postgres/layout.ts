import type { Client } from 'pg';
import type { PostgresTarget } from '../../contract/pipeline.ts';
import { KEY } from '../port/column-names.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { castsDirectly, CREATED, takes } from './column-types.ts';
import { quoted, quotedTable, schemaOf, tableOf } from './names.ts';
import { problemAt } from './table-error.ts';
import { refuseNames } from './refused-names.ts';
import { refuseUnwritable, type TableColumn } from './unwritable-columns.ts';

/** Table with one row for each publication, in the schema of the table. */
export const RUNS = '_rowmill_runs';
const RUNS_COLUMNS = [
  ...['table_name', 'workflow_id', 'first_run_id', 'pipeline', 'mode'],
  ...['digest', 'rows', 'published_at'],
];

/** Changes that must be made before rows are written. */
export interface Layout {
  /** True if the table is not there. */
  isNew: boolean;
  /** True if the table of publications is there. */
  hasRuns: boolean;
  /** Columns that the table lacks. */
  added: FlatColumn[];
}

interface Catalog {
  user: string;
  database: string;
  schema_there: boolean;
  /** Privileges that the user lacks on the schema, of those that may be needed. */
  schema_missing: string[];
  may_temp: boolean;
  kind: string | null;
  /** Columns of the table, with those that were dropped. */
  attributes: number | null;
  owns: boolean | null;
  missing: string[] | null;
  runs_there: boolean;
  runs_missing: string[] | null;
  runs_columns: number;
}

/**
 * Checks a table and the privileges on it by the catalog, without changing anything.
 *
 * @throws RowmillError `sink_unwritable` with the statement that corrects it
 */
export async function layoutOf(
  client: Client,
  target: PostgresTarget,
  columns: readonly FlatColumn[],
): Promise<Layout> {
  refuseNames(target, columns);
  if (tableOf(target.table) === RUNS) {
    throw problemAt(target, 'rowmill records its publications there', 'Name another table.');
  }
  const schema = schemaOf(target.table);
  const catalog = await catalogOf(client, target);
  const { user, runs_there: hasRuns } = catalog;
  if (!catalog.schema_there) {
    throw problemAt(target, `there is no schema ${schema}`, `CREATE SCHEMA ${quoted(schema)};`);
  }
  const isNew = catalog.kind === null;
  const runs = `${quoted(schema)}.${quoted(RUNS)}`;
  const refuse = refuseMissing(target, user);
  const needed = isNew || !hasRuns ? ['USAGE', 'CREATE'] : ['USAGE'];
  const onSchema = catalog.schema_missing.filter((one) => needed.includes(one));
  refuse(onSchema, `schema ${schema}`, `SCHEMA ${quoted(schema)}`);
  const { database } = catalog;
  const onDatabase = catalog.may_temp ? [] : ['TEMPORARY'];
  refuse(onDatabase, `database ${database}`, `DATABASE ${quoted(database)}`);
  refuse(catalog.missing ?? [], quotedTable(target.table));
  if (hasRuns && catalog.runs_columns < RUNS_COLUMNS.length) {
    const statement = `ALTER TABLE ${runs} RENAME TO ${quoted(`${RUNS}_of_others`)};`;
    throw problemAt(target, `the table ${schema}.${RUNS} is not of rowmill`, statement);
  }
  refuse(catalog.runs_missing ?? [], runs);
  if (isNew) {
    refuseTooMany(target, null, columns.length);
    return { isNew, hasRuns, added: [] };
  }
  if (catalog.kind !== 'r' && catalog.kind !== 'p') {
    throw problemAt(target, 'it is no table', 'Name a table, or one that is not there yet.');
  }
  const existing = await columnsOf(client, target);
  refuseOtherTypes(target, columns, existing);
  refuseUnwritable(target, columns, existing);
  const added = columns.filter(({ name }) => !existing.some((one) => one.name === name));
  refuseTooMany(target, catalog.attributes, added.length);
  if (added.length > 0 && catalog.owns !== true) {
    const statements = added.map(({ name, type }) => addColumn(target, name, CREATED[type]));
    throw problemAt(target, `user ${user} may not add columns`, statements.join(' '));
  }
  if (target.mode === 'upsert') await refuseWithoutKey(client, target);
  return { isNew: false, hasRuns, added };
}

export const addColumn = ({ table }: PostgresTarget, name: string, type: string): string =>
  `ALTER TABLE ${quotedTable(table)} ADD COLUMN ${quoted(name)} ${type};`;

/** Columns of a table, with those that were dropped. */
const MAX_COLUMNS = 1_600;

/** @param before Columns that a table has; `null` without one */
function refuseTooMany(target: PostgresTarget, before: number | null, added: number): void {
  const count = (before ?? 0) + added;
  if (count <= MAX_COLUMNS) return;
  const dropped = before === null ? '' : ', with those that were dropped';
  const reason = `the table would have ${count} columns${dropped}, PostgreSQL allows ${MAX_COLUMNS}`;
  const other = before === null ? '' : ', or publish to another table';
  throw problemAt(target, reason, `Keep fewer columns with \`rows.keep\`${other}.`);
}

const NEEDED = {
  upsert: ['SELECT', 'INSERT', 'UPDATE'],
  append: ['INSERT'],
  replace: ['INSERT', 'DELETE'],
} as const;

async function catalogOf(client: Client, target: PostgresTarget): Promise<Catalog> {
  const schema = schemaOf(target.table);
  const { rows } = await client.query<Catalog>(
    `SELECT current_user AS user, current_database() AS database, n.oid IS NOT NULL AS schema_there,
       ARRAY(SELECT p FROM unnest(ARRAY['USAGE', 'CREATE']) p
         WHERE NOT has_schema_privilege(n.oid, p)) AS schema_missing,
       has_database_privilege(current_database(), 'TEMP') AS may_temp,
       t.relkind AS kind, t.relnatts::int AS attributes, pg_has_role(t.relowner, 'USAGE') AS owns,
       (SELECT array_agg(p) FROM unnest($3::text[]) p
         WHERE t.oid IS NOT NULL AND NOT has_table_privilege(t.oid, p)) AS missing,
       r.oid IS NOT NULL AS runs_there,
       (SELECT array_agg(p) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) p
         WHERE r.oid IS NOT NULL AND NOT has_table_privilege(r.oid, p)) AS runs_missing,
       (SELECT count(*)::int FROM pg_attribute
         WHERE attrelid = r.oid AND NOT attisdropped AND attname = ANY ($4)) AS runs_columns
     FROM (SELECT 1) one
     LEFT JOIN pg_namespace n ON n.nspname = $1
     LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = $2
     LEFT JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = '${RUNS}'`,
    [schema, tableOf(target.table), NEEDED[target.mode], RUNS_COLUMNS],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('the catalog gave no row');
  return found;
}

/** Refuses privileges that are missing. `statement` is how GRANT names the place, if it is no table. */
const refuseMissing =
  (target: PostgresTarget, user: string) =>
  (missing: readonly string[], place: string, statement = place): void => {
    if (missing.length === 0) return;
    const privileges = missing.join(', ');
    const grant = `GRANT ${privileges} ON ${statement} TO ${quoted(user)};`;
    throw problemAt(target, `the privilege ${privileges} on ${place} is missing`, grant);
  };

async function columnsOf(client: Client, { table }: PostgresTarget): Promise<TableColumn[]> {
  const { rows } = await client.query<TableColumn>(
    `SELECT a.attname AS name, t.typname AS type, a.attgenerated <> '' AS computed,
       a.attidentity = 'a' AS identity, a.attnotnull AS not_null,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [quotedTable(table)],
  );
  return rows;
}

function refuseOtherTypes(
  target: PostgresTarget,
  columns: readonly FlatColumn[],
  existing: readonly TableColumn[],
): void {
  const types = new Map(existing.map(({ name, type }) => [name, type]));
  const wrong = columns.filter(({ name, type }) => {
    const there = types.get(name);
    return there !== undefined && !takes(type, there);
  });
  if (wrong.length === 0) return;
  const named = wrong.map(
    ({ name, type }) => `${name} is ${types.get(name) ?? ''}, the results have ${CREATED[type]}`,
  );
  const statements = wrong.map(({ name, type }) => {
    const [column, wanted] = [quoted(name), CREATED[type]];
    const from = castsDirectly(types.get(name) ?? '', type) ? column : `${column}::text`;
    return `ALTER TABLE ${quotedTable(target.table)} ALTER COLUMN ${column} TYPE ${wanted} USING ${from}::${wanted};`;
  });
  throw problemAt(target, `a column has another type: ${named.join('; ')}`, statements.join(' '));
}

/** An upsert finds rows by a unique index on the key alone. */
async function refuseWithoutKey(client: Client, target: PostgresTarget): Promise<void> {
  const table = quotedTable(target.table);
  const { rows } = await client.query(
    `SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indnkeyatts = 1 AND i.indpred IS NULL
       AND a.attname = $2`,
    [table, KEY],
  );
  if (rows.length > 0) return;
  const statement = `CREATE UNIQUE INDEX ON ${table} (${quoted(KEY)});`;
  throw problemAt(target, `mode upsert needs a unique index on ${KEY}`, statement);
}
