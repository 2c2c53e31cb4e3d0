import { Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig, type LoadClientProfileOptions } from '@temporalio/envconfig';
import { RowmillError } from '../errors.ts';
import { goesDirect } from './no-proxy.ts';
import { hasStatus } from './grpc-errors.ts';
import { retryWithoutThrowAfterClose } from './sdk-workarounds.ts';
import { errorOfServer } from './server-error.ts';

const DEFAULT_ADDRESS = 'localhost:7233';
const DEFAULT_NAMESPACE = 'default';
const DEFAULT_TIMEOUT_MS = 5_000;

export interface TemporalTarget {
  /** `host:port`. */
  address: string;
  namespace: string;
  /** False if the default address is used. */
  configured: boolean;
  /**
   * Options of `Connection` and of the worker's `NativeConnection`: address, TLS, API key, headers.
   */
  connectionOptions: Pick<ConnectionOptions, 'address' | 'apiKey' | 'metadata' | 'tls'>;
}

export interface TargetOptions {
  /** Overrides the configured address. */
  address?: string;
  namespace?: string;
  /** Overrides the process's environment. */
  env?: Record<string, string | undefined>;
  /** Reads only the environment, not the profile file. */
  ignoreProfileFile?: boolean;
}

/**
 * Reads the Temporal address from `TEMPORAL_*` and the profile file of the `temporal` command. Does
 * not connect. @throws RowmillError `usage` for an unreadable profile or an invalid address
 */
export function temporalTarget(options: TargetOptions = {}): TemporalTarget {
  const { connectionOptions, namespace } = loadProfile(options);
  const configured = options.address ?? connectionOptions.address;
  const address = configured ?? DEFAULT_ADDRESS;
  refuseNoAddress(address);
  const { tls, apiKey, metadata } = connectionOptions;
  return {
    address,
    namespace: options.namespace ?? namespace ?? DEFAULT_NAMESPACE,
    configured: configured !== undefined,
    connectionOptions: {
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

/**
 * Rejects an address that the SDK does not accept (`host:port` only). @throws RowmillError `usage`
 */
function refuseNoAddress(address: string): void {
  const at = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address);
  const isHostAndPort = /^(\[[0-9a-f:.]+\]|[^\s/:[\]]+)(:\d{1,5})?$/i.test(address);
  if (at === null && isHostAndPort) return;
  const bare = at === null ? '' : address.slice(at[0].length).replace(/\/.*$/, '');
  throw new RowmillError('usage', `"${address.slice(0, 200)}" is no Temporal address`, {
    where: 'TEMPORAL_ADDRESS',
    remedy: `Give host:port${bare === '' ? ', such as localhost:7233' : `: ${bare}`}.`,
  });
}

function loadProfile(options: TargetOptions) {
  const source: LoadClientProfileOptions = {
    ...(options.ignoreProfileFile === true ? { disableFile: true } : {}),
    ...(options.env === undefined ? {} : { overrideEnvVars: definedOnly(options.env) }),
  };
  try {
    return loadClientConnectConfig(source);
  } catch (error) {
    throw new RowmillError('usage', `the Temporal profile cannot be used: ${textOf(error)}`, {
      remedy: 'Check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the other TEMPORAL_* variables.',
      cause: error,
    });
  }
}

export interface ConnectOptions extends TargetOptions {
  /** Time limit of the connection and the first call together, in ms. @default 5000 */
  timeoutMs?: number;
}

export interface TemporalLink {
  connection: Connection;
  address: string;
  namespace: string;
  /** Version like `1.31.2`; empty if the server does not report it. */
  serverVersion: string;
}

const PROBE_TIMEOUT_MS = 3_000;

/** Reads the namespace. @throws gRPC errors */
export const describeNamespace = ({ connection, namespace }: NamespaceLink): Promise<unknown> =>
  connection.withDeadline(Date.now() + PROBE_TIMEOUT_MS, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );

type NamespaceLink = Pick<TemporalLink, 'connection' | 'namespace' | 'address'>;

/**
 * Verifies that the namespace exists: the SDK would poll a missing one for ever, and clients fail
 * late. Skipped if the caller may not read it.
 * @throws RowmillError `temporal_unreachable`
 */
export async function requireNamespace(link: NamespaceLink): Promise<void> {
  try {
    await describeNamespace(link);
  } catch (cause) {
    if (!hasStatus(cause, 'NOT_FOUND')) return;
    throw new RowmillError('temporal_unreachable', 'there is no such namespace', {
      where: `namespace ${link.namespace} at ${link.address}`,
      remedy: 'Set TEMPORAL_NAMESPACE to one that exists, or create it.',
      cause,
    });
  }
}

/**
 * Connects to a server whose namespace exists. The caller closes `connection`.
 * @throws RowmillError as `connectTemporal` and `requireNamespace`
 */
export async function connectToNamespace(options: ConnectOptions = {}): Promise<TemporalLink> {
  const link = await connectTemporal(options);
  try {
    await requireNamespace(link);
    return link;
  } catch (error) {
    await link.connection.close();
    throw error;
  }
}

/**
 * Connects and verifies that the server is supported. The caller closes `connection`.
 * @throws RowmillError `temporal_unreachable`, `temporal_unsupported`, `usage`
 */
export async function connectTemporal(options: ConnectOptions = {}): Promise<TemporalLink> {
  const { address, namespace, connectionOptions } = temporalTarget(options);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  // Not `connect`, which on a failure leaves a connection open that it does not return.
  const connection = Connection.lazy({
    ...connectionOptions,
    ...(goesDirect(address) ? { channelArgs: { 'grpc.enable_http_proxy': 0 } } : {}),
    connectTimeout: timeoutMs,
    interceptors: [retryWithoutThrowAfterClose],
  });
  try {
    await connection.ensureConnected();
    const serverVersion = await versionOf(connection, timeoutMs);
    if (!isAtLeast(serverVersion, OLDEST_SERVER)) {
      throw new RowmillError('temporal_unsupported', `the server is ${serverVersion}`, {
        where: address,
      });
    }
    return { connection, address, namespace, serverVersion };
  } catch (error) {
    await connection.close();
    throw error instanceof RowmillError ? error : unreachable(address, error, timeoutMs);
  }
}

async function versionOf(connection: Connection, timeoutMs: number): Promise<string> {
  const reply = await connection.withDeadline(Date.now() + timeoutMs, () =>
    connection.workflowService.getSystemInfo({}),
  );
  return reply.serverVersion;
}

function unreachable(address: string, error: unknown, timeoutMs: number): RowmillError {
  const isRefused = hasStatus(error, 'PERMISSION_DENIED', 'UNAUTHENTICATED');
  const refusal = isRefused ? errorOfServer(error, address) : null;
  if (refusal !== null) return refusal;
  const within = `within ${timeoutMs / 1000} s`;
  return new RowmillError('temporal_unreachable', `no Temporal server answers ${within}`, {
    where: address,
    cause: error,
  });
}

const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Minimum version with the features used: update-with-start, user metadata, current details. */
export const OLDEST_SERVER = '1.28';

/** Compares dotted versions. Any other text passes: Temporal Cloud reports no release. */
export function isAtLeast(version: string, oldest: string): boolean {
  const have = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  const need = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(oldest);
  if (have === null || need === null) return true;
  for (const part of [1, 2, 3]) {
    const difference = Number(have[part] ?? 0) - Number(need[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
