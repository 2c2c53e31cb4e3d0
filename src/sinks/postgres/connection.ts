import type { Client } from 'pg';
import type { PostgresTarget } from '../../contract/pipeline.ts';
import type { Env } from '../port/table-sink.ts';
import type { RowmillError } from '../../errors.ts';
import { connectPostgres } from '../../postgres/connect.ts';
import { postgresError } from './postgres-error.ts';
import { problemAt } from './table-error.ts';

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
  const address = addressOf(target, env);
  let client: Client | null = null;
  try {
    client = await connectPostgres(address);
    if (client === null) throw badAddress(target);
    return await work(client);
  } catch (error) {
    throw postgresError(target, error, { connected: client !== null });
  } finally {
    await client?.end().catch(() => undefined);
  }
}

function addressOf(target: PostgresTarget, env: Env): string {
  const address = env[target.urlEnv] ?? '';
  if (address === '') {
    throw problemAt(target, `the variable ${target.urlEnv} is not set here`, setIt(target));
  }
  return address;
}

const badAddress = (target: PostgresTarget): RowmillError =>
  problemAt(target, `the variable ${target.urlEnv} has no address of PostgreSQL`, setIt(target));

const setIt = ({ urlEnv }: PostgresTarget): string =>
  `Set ${urlEnv} to postgres://USER:PASSWORD@HOST/DATABASE where the worker runs.`;
