import type { Client } from 'pg';
import type { PostgresTarget } from '../../contract/pipeline.ts';
import { KEY } from '../port/column-names.ts';
import type { FlatColumn } from '../formats/flat-columns.ts';
import { CREATED, takes } from './columns.ts';
import { MAX_NAME_BYTES, quoted, quotedTable, schemaOf, tableOf } from './names.ts';
import { problemAt } from './problem.ts';

/** Table with one row for each publication, in the schema of the table. */
export const RUNS = '_rowmill_runs';

/** What has to be made before rows are written. */
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
  schema_there: boolean;
  may_create: boolean;
  may_temp: boolean;
  kind: string | null;
  owns: boolean | null;
  missing: string[] | null;
  runs_there: boolean;
  runs_missing: string[] | null;
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
  refuseLongNames(target, columns);
  const schema = schemaOf(target.table);
  const catalog = await catalogOf(client, target);
  const { user } = catalog;
  const to = quoted(user);
  if (!catalog.schema_there) {
    throw problemAt(target, `there is no schema ${schema}`, `CREATE SCHEMA ${quoted(schema)};`);
  }
  const grant = (reason: string, statement: string) => problemAt(target, reason, `${statement};`);
  if (!catalog.may_temp) {
    const what = `user ${user} may not create temporary tables`;
    throw grant(what, `GRANT TEMPORARY ON DATABASE the-database TO ${to}`);
  }
  if (!catalog.may_create && (catalog.kind === null || !catalog.runs_there)) {
    const name = catalog.kind === null ? target.table : `${schema}.${RUNS}`;
    const what = `user ${user} may not create ${name}`;
    throw grant(what, `GRANT CREATE ON SCHEMA ${quoted(schema)} TO ${to}`);
  }
  refuseMissing(target, quotedTable(target.table), to, catalog.missing);
  refuseMissing(target, `${quoted(schema)}.${quoted(RUNS)}`, to, catalog.runs_missing);
  const hasRuns = catalog.runs_there;
  if (catalog.kind === null) return { isNew: true, hasRuns, added: [] };
  if (catalog.kind !== 'r' && catalog.kind !== 'p') {
    throw problemAt(target, 'it is no table', 'Name a table, or one that is not there yet.');
  }
  const added = await missingColumns(client, target, columns);
  if (added.length > 0 && catalog.owns !== true) {
    const statements = added.map(({ name, type }) => addColumn(target, name, CREATED[type]));
    throw problemAt(target, `user ${user} may not add columns`, statements.join(' '));
  }
  if (target.mode === 'upsert') await refuseWithoutKey(client, target);
  return { isNew: false, hasRuns, added };
}

export const addColumn = ({ table }: PostgresTarget, name: string, type: string): string =>
  `ALTER TABLE ${quotedTable(table)} ADD COLUMN ${quoted(name)} ${type};`;

function refuseLongNames(target: PostgresTarget, columns: readonly FlatColumn[]): void {
  const long = columns.find(({ name }) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  if (long === undefined) return;
  const reason = `the column name "${long.name.slice(0, 80)}" has more than ${MAX_NAME_BYTES} bytes`;
  throw problemAt(target, reason, 'Give the column a shorter name.');
}

const NEEDED = {
  upsert: ['SELECT', 'INSERT', 'UPDATE'],
  append: ['INSERT'],
  replace: ['INSERT', 'DELETE'],
} as const;

async function catalogOf(client: Client, target: PostgresTarget): Promise<Catalog> {
  const schema = schemaOf(target.table);
  const { rows } = await client.query<Catalog>(
    `SELECT current_user AS user, n.oid IS NOT NULL AS schema_there,
       coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS may_create,
       has_database_privilege(current_database(), 'TEMP') AS may_temp,
       t.relkind AS kind, pg_has_role(t.relowner, 'USAGE') AS owns,
       (SELECT array_agg(p) FROM unnest($3::text[]) p
         WHERE t.oid IS NOT NULL AND NOT has_table_privilege(t.oid, p)) AS missing,
       r.oid IS NOT NULL AS runs_there,
       (SELECT array_agg(p) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) p
         WHERE r.oid IS NOT NULL AND NOT has_table_privilege(r.oid, p)) AS runs_missing
     FROM (SELECT 1) one
     LEFT JOIN pg_namespace n ON n.nspname = $1
     LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = $2
     LEFT JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = '${RUNS}'`,
    [schema, tableOf(target.table), NEEDED[target.mode]],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('the catalog gave no row');
  return found;
}

function refuseMissing(
  target: PostgresTarget,
  table: string,
  to: string,
  missing: string[] | null,
): void {
  if (missing === null) return;
  const privileges = missing.join(', ');
  const statement = `GRANT ${privileges} ON ${table} TO ${to};`;
  throw problemAt(target, `the privilege ${privileges} on ${table} is missing`, statement);
}

async function missingColumns(
  client: Client,
  target: PostgresTarget,
  columns: readonly FlatColumn[],
): Promise<FlatColumn[]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, t.typname AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [quotedTable(target.table)],
  );
  const existing = new Map(rows.map(({ name, type }) => [name, type]));
  const wrong = columns.filter(({ name, type }) => {
    const there = existing.get(name);
    return there !== undefined && !takes(type, there);
  });
  if (wrong.length > 0) {
    const named = wrong.map(
      ({ name, type }) =>
        `${name} is ${existing.get(name) ?? ''}, its answers are ${CREATED[type]}`,
    );
    const statements = wrong.map(({ name, type }) => {
      const [column, wanted] = [quoted(name), CREATED[type]];
      return `ALTER TABLE ${quotedTable(target.table)} ALTER COLUMN ${column} TYPE ${wanted} USING ${column}::${wanted};`;
    });
    throw problemAt(target, `a column has another type: ${named.join('; ')}`, statements.join(' '));
  }
  return columns.filter(({ name }) => !existing.has(name));
}

/** An upsert finds rows by a unique index on the key alone. */
async function refuseWithoutKey(client: Client, target: PostgresTarget): Promise<void> {
  const table = quotedTable(target.table);
  const { rows } = await client.query(
    `SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = $1::regclass AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL
       AND a.attname = $2`,
    [table, KEY],
  );
  if (rows.length > 0) return;
  const statement = `CREATE UNIQUE INDEX ON ${table} (${quoted(KEY)});`;
  throw problemAt(target, `mode upsert needs a unique index on ${KEY}`, statement);
}
