import { setMaxListeners } from 'node:events';
import { openStore, taskQueueOf } from '../env.ts';
import { RowmillError } from '../errors.ts';
import { jsonLines } from '../process/logging.ts';
import { createReadiness } from '../process/readiness.ts';
import { createPayloadCodec } from '../temporal/payload-codec.ts';
import { payloadKeysOf } from '../temporal/payload-keys.ts';
import { createApp } from './app.ts';
import { createTemporalSession } from './temporal-session.ts';
import { createHostPaths } from './host-paths.ts';
import { createBodyValidator } from './validation/body-validator.ts';
import { createRenditions } from './renditions.ts';
import type { Env, GatewaySettings } from './settings.ts';

export interface GatewayService {
  /** Address it listens on. */
  url: string;
  /** Marks the gateway not ready; resolves when the requests in progress are answered. */
  stop(reason: string): Promise<void>;
}

export interface GatewayParts {
  /** Arguments of Node before the file of the checking thread. @default those of the process */
  execArgv?: string[];
}

/**
 * Starts the gateway process of a deployment. It listens, but is not ready, while there is no
 * Temporal server.
 * @throws RowmillError `port_in_use`, `usage` for payload keys that cannot be read
 */
export async function startGateway(
  settings: GatewaySettings,
  env: Env,
  { execArgv }: GatewayParts = {},
): Promise<GatewayService> {
  const { host, port, files } = settings;
  const log = jsonLines(settings.logLevel);
  const store = openStore(env);
  const taskQueue = taskQueueOf(env);
  const temporal = createTemporalSession({ env, store, taskQueue });
  const closing = new AbortController();
  // Each caller that follows a run adds a listener.
  setMaxListeners(0, closing.signal);
  const readiness = createReadiness({
    name: 'gateway',
    worker: () => (closing.signal.aborted ? 'draining' : 'running'),
    needs: { temporal: () => temporal.ping(), store: () => store.checkWritable() },
    everyMs: 2_000,
  });
  const gateway = {
    temporal,
    readiness,
    store,
    closing: closing.signal,
    bodyLimit: settings.bodyLimit,
    validator: createBodyValidator({ env, store: store.location, files, execArgv }),
    codec: createPayloadCodec(payloadKeysOf(env)),
    origins: settings.codecOrigins,
    hostPaths: createHostPaths(store.location, files),
    renditions: createRenditions(),
  };
  const app = await createApp(gateway, settings, log);
  let url: string;
  try {
    url = await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    throw notListening(host, port, cause);
  }
  const facts = { url, taskQueue, store: store.location, files, callers: settings.tokens.length };
  log.info(facts, 'gateway started');
  return {
    url,
    stop: async (reason) => {
      log.info({ reason }, 'gateway drains');
      closing.abort();
      await app.close();
      await gateway.validator.close();
      await gateway.renditions.close();
      await temporal.close();
      log.info('gateway stopped');
    },
  };
}

function notListening(host: string, port: number, cause: unknown): RowmillError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  const what = code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${code})`;
  return new RowmillError('port_in_use', `port ${port} of the gateway ${what}`, {
    where: host,
    remedy: 'Choose another with --port (0: any free one) or ROWMILL_GATEWAY_PORT.',
    cause,
  });
}
