import type { Client } from 'pg';
import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { Env } from '../port/table-sink.ts';
import type { RowmillError } from '../../errors.ts';
import { postgresError } from './postgres-error.ts';
import { problemAt } from './problem.ts';

const CONNECT_WITHIN_MS = 10_000;
/** Longest time for which a lock of others on the table is waited for. */
const LOCK_WITHIN_MS = 60_000;
/** Longest time of a statement: one that hangs must not hold the other targets. */
const STATEMENT_WITHIN_MS = 600_000;

/**
 * Runs `work` with a connection to the server of a target.
 *
 * @throws RowmillError `sink_unwritable` with what to do next
 */
export async function withConnection<T>(
  target: PostgresTarget,
  env: Env,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const connectionString = addressOf(target, env);
  const pg = (await import('pg')).default;
  let client: Client;
  try {
    client = new pg.Client({
      connectionString,
      application_name: 'rowmill',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      lock_timeout: LOCK_WITHIN_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
    });
  } catch {
    // The library's message quotes the address.
    throw badAddress(target);
  }
  // A connection that breaks while nothing is asked; the next question fails with the reason.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw postgresError(target, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function addressOf(target: PostgresTarget, env: Env): string {
  const address = env[target.urlEnv] ?? '';
  if (address === '') {
    throw problemAt(target, `the variable ${target.urlEnv} is not set here`, setIt(target));
  }
  if (!/^postgres(?:ql)?:\/\//.test(address)) throw badAddress(target);
  return address;
}

const badAddress = (target: PostgresTarget): RowmillError =>
  problemAt(target, `the variable ${target.urlEnv} has no address of PostgreSQL`, setIt(target));

const setIt = ({ urlEnv }: PostgresTarget): string =>
  `Set ${urlEnv} to postgres://USER:PASSWORD@HOST/DATABASE where the worker runs.`;
