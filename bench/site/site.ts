import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startTemporalServer } from '../../src/dev/temporal/server.ts';
import { ownSandbox, ownWorker } from './processes.ts';
import type { Own, OwnSandbox, OwnWorker, SandboxSettings } from './processes.ts';

export const TOKEN = 'bench-token';

/** Temporal, sandboxes and workers, each a process of its own, with a folder for their files. */
export interface Site {
  folder: string;
  /** `host:port` of Temporal. */
  address: string;
  client: Client;
  /** Process of Temporal; `null` if it is not known. */
  serverPid: number | null;
  sandbox(settings: SandboxSettings): Promise<OwnSandbox>;
  worker(options: {
    taskQueue: string;
    apiUrl: string;
    requestsPerSecond?: number;
  }): Promise<OwnWorker>;
  /** Store of every worker of the site. */
  store: string;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-bench-'));
  const server = await startTemporalServer();
  const connection = await Connection.connect({ address: server.address });
  const store = join(folder, 'store');
  const owned: Own[] = [];
  const keep = <T extends Own>(own: T): T => {
    owned.push(own);
    return own;
  };
  return {
    folder,
    address: server.address,
    store,
    client: new Client({ connection }),
    serverPid: server.pid,
    sandbox: async (settings) => keep(await ownSandbox(TOKEN, settings)),
    worker: async (options) =>
      keep(await ownWorker({ temporal: server.address, store, token: TOKEN, ...options })),
    close: async () => {
      // Workers first: they were started last.
      for (const own of owned.toReversed()) await own.stop();
      await connection.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
