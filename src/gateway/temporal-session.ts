import type { Client } from '@temporalio/client';
import { connectTemporal, type TemporalLink } from '../temporal/connection.ts';
import { openClient } from '../temporal/data-converter.ts';
import { Rowmill } from '../client/rowmill.ts';
import type { Store } from '../store/store.ts';
import type { Env } from './settings.ts';

/** Connection to Temporal of a process that works with and without it. */
export interface TemporalSession {
  /** Calls rowmill with a connection; aborts a call that exceeds the time limit of a request. */
  withClient<T>(ask: (rowmill: Rowmill) => Promise<T>): Promise<T>;
  /** @throws RowmillError if Temporal does not answer */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface TemporalSessionOptions {
  env: Env;
  store: Store;
  taskQueue: string;
  /** Time limit for connecting in ms. @default 3000 */
  connectMs?: number;
  /** Time limit for all calls of a request in ms. @default 15000 */
  callsMs?: number;
}

/**
 * Time for which a failed connection attempt is reused, so that callers do not wait for the next
 * one, in ms.
 */
const TRY_AGAIN_AFTER_MS = 1_000;

/**
 * Creates a session that connects on demand, and again after a failure; a connected client
 * reconnects by itself.
 */
export function createTemporalSession(options: TemporalSessionOptions): TemporalSession {
  const { env, store, taskQueue, connectMs = 3_000, callsMs = 15_000 } = options;
  let opened: Promise<Opened> | null = null;

  const open = (): Promise<Opened> => {
    if (opened !== null) return opened;
    const trying = connect();
    opened = trying;
    trying.catch(() => {
      const forget = (): void => {
        if (opened === trying) opened = null;
      };
      setTimeout(forget, TRY_AGAIN_AFTER_MS).unref();
    });
    return trying;
  };

  const connect = async (): Promise<Opened> => {
    const link = await connectTemporal({ env: { ...env }, timeoutMs: connectMs });
    const client = openClient(link, env);
    const rowmill = await Rowmill.connect({ client, store, taskQueue, env: { ...env } });
    return { link, client, rowmill };
  };

  return {
    withClient: async (ask) => {
      const { client, rowmill } = await open();
      return client.withDeadline(Date.now() + callsMs, () => ask(rowmill));
    },
    ping: async () => {
      const { link } = await open();
      const { connection } = link;
      await connection.withDeadline(Date.now() + connectMs, () =>
        connection.workflowService.getSystemInfo({}),
      );
    },
    close: async () => {
      const { link } = (await opened?.catch(() => null)) ?? {};
      await link?.connection.close();
      opened = null;
    },
  };
}

interface Opened {
  link: TemporalLink;
  client: Client;
  rowmill: Rowmill;
}
