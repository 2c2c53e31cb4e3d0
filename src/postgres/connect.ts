import type { Client } from 'pg';

const CONNECT_WITHIN_MS = 10_000;
/** Longest time of a statement: one without an end must not hold up everything else. */
const STATEMENT_WITHIN_MS = 600_000;
/** Longest time for which a lock of others is waited for. */
const LOCK_WITHIN_MS = 60_000;

/** Opens a connection to a server; `null`: the text is no address of PostgreSQL. */
export async function connectPostgres(address: string): Promise<Client | null> {
  if (!/^postgres(?:ql)?:\/\//.test(address)) return null;
  const pg = (await import('pg')).default;
  let client: Client;
  try {
    client = new pg.Client({
      connectionString: address,
      application_name: 'rowmill',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      lock_timeout: LOCK_WITHIN_MS,
      statement_timeout: STATEMENT_WITHIN_MS,
    });
  } catch {
    // The library's message quotes the address.
    return null;
  }
  // A connection that breaks while nothing is asked; the next question fails with the reason.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
