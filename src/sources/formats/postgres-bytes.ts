import type { Client } from 'pg';
import type { RowsSource } from '../../contract/pipeline.ts';
import { RowmillError } from '../../errors.ts';
import { connectPostgres } from '../../postgres/connect.ts';
import { postgresFault } from '../../postgres/fault.ts';

type Source = Extract<RowsSource, { type: 'postgres' }>;

/** Rows of one reply: enough for speed, and little in memory. */
const ROWS_AT_ONCE = 500;

/**
 * Reads the rows of a query as JSON Lines, in a transaction that may only read, by a cursor.
 * @throws RowmillError `source_not_found`, `source_unreadable`, or `source_unreachable` where a later
 * attempt may succeed
 */
export async function* postgresBytes(
  source: Source,
  env: Readonly<Record<string, string | undefined>>,
): AsyncGenerator<Buffer> {
  let client: Client | null = null;
  try {
    client = await connectPostgres(env[source.urlEnv]?.trim() ?? '');
    if (client === null) throw notSet(source, env);
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // The extended protocol takes one statement: nothing ends the transaction within the query.
    await client.query({ text: cursorOf(source), queryMode: 'extended' } as { text: string });
    for (;;) {
      const { rows } = await client.query<{ line: string }>(
        `FETCH ${ROWS_AT_ONCE} FROM rowmill_rows`,
      );
      if (rows.length === 0) return;
      yield Buffer.from(rows.map(({ line }) => oneLine(line)).join(''));
    }
  } catch (error) {
    throw brokenBy(error, source);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** The query in a line of its own: its last one may be a comment. */
const cursorOf = ({ query }: Source): string =>
  [
    'DECLARE rowmill_rows NO SCROLL CURSOR FOR',
    `SELECT row_to_json(t)::text AS line FROM (`,
    query.trim().replace(/;$/, ''),
    ') AS t',
  ].join('\n');

/** Values of the type json keep line ends between their tokens; those in texts are escaped. */
const oneLine = (json: string): string => `${json.replace(/[\r\n]+/g, ' ')}\n`;

const placeOf = ({ urlEnv }: Source): string => `postgres:${urlEnv}`;

function notSet(source: Source, env: Readonly<Record<string, string | undefined>>): RowmillError {
  const { urlEnv } = source;
  const isSet = (env[urlEnv]?.trim() ?? '') !== '';
  const what = isSet ? 'has no address of PostgreSQL' : 'is not set here';
  return new RowmillError('source_not_found', `the variable ${urlEnv} ${what}`, {
    where: placeOf(source),
    remedy: `Set ${urlEnv} to postgres://USER:PASSWORD@HOST/DATABASE where the rows are read.`,
  });
}

/** Longest quote of what the server says. */
const MAX_REASON_CHARS = 300;

/** States after which a later attempt may succeed: connections, resources, locks, shutdown. */
const PASSING = /^(08|53|40|55P03|57014|57P0[123])/;

function brokenBy(error: unknown, source: Source): unknown {
  if (error instanceof RowmillError) return error;
  const fault = postgresFault(error);
  if (fault === null) return error;
  const where = placeOf(source);
  const { urlEnv } = source;
  if (fault.state === null) {
    return new RowmillError('source_unreachable', `the server does not answer (${fault.code})`, {
      where,
      remedy: `Check the address in ${urlEnv} and the network; the step is tried again.`,
    });
  }
  const { state, message } = fault;
  const what = `the server says: ${message}`.slice(0, MAX_REASON_CHARS);
  if (PASSING.test(state)) return new RowmillError('source_unreachable', what, { where });
  return new RowmillError('source_not_found', what, { where, remedy: remedyOf(state, urlEnv) });
}

function remedyOf(state: string, urlEnv: string): string {
  if (state === '42501') return 'GRANT SELECT ON the table TO the user of the address.';
  if (state === '25006') return 'Take a query that only reads.';
  if (state.startsWith('28') || state === '3D000') return `Correct the address in ${urlEnv}.`;
  return 'Correct the query in `rows.from`: one SELECT.';
}
