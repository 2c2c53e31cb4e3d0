import {
  connectTemporal,
  temporalTarget,
  type TargetOptions,
} from '../../src/temporal/connection.ts';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.ts';
import {
  startTemporalServer,
  type TemporalServer,
  type TemporalServerOptions,
} from '../../src/dev/temporal/server.ts';

export interface OpenOptions extends TemporalServerOptions {
  /** Ignores the profile file of the `temporal` command. */
  ignoreProfileFile?: boolean;
}

/**
 * The server that `TEMPORAL_ADDRESS` or a profile names, made ready for rowmill; else one of our
 * own, as by `startTemporalServer`.
 * @throws RowmillError `temporal_unreachable`, `temporal_unsupported`,
 *   `temporal_unavailable_here`, `port_in_use`
 */
export async function openTemporal(options: OpenOptions = {}): Promise<TemporalServer> {
  const connect: TargetOptions = {
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.ignoreProfileFile === true ? { ignoreProfileFile: true } : {}),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
  };
  if (!temporalTarget(connect).configured) return startTemporalServer(options);
  const { connection, address, namespace, serverVersion } = await connectTemporal(connect);
  try {
    await ensureSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
  return {
    address,
    namespace,
    connect,
    uiUrl: null,
    pid: null,
    version: serverVersion,
    reused: true,
    stop: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    // Not ours to watch.
    exited: new Promise(() => undefined),
  };
}
