import { openTemporal } from './open-temporal.ts';
import { startTemporalServer, type TemporalServer } from '../../src/dev/temporal/server.ts';
import { workflowBundle } from './workflow-bundle.ts';

declare global {
  // Kept for the teardown: jest gives both files the same global object and nothing else.
  var rowmillServer: TemporalServer | undefined;
}

/** One server and one workflow bundle for the whole test run. */
export default async function setup(): Promise<void> {
  const [server, bundle] = await Promise.all([openServer(), workflowBundle()]);
  globalThis.rowmillServer = server;
  process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] = server.address;
  if (bundle !== null) process.env['ROWMILL_TEST_BUNDLE'] = bundle;
}

/**
 * Opens the server. Only the address of the environment counts: tests need a plain server, and
 * namespace default.
 */
function openServer(): Promise<TemporalServer> {
  const address = process.env['TEMPORAL_ADDRESS'];
  if (!address) return startTemporalServer();
  const env = { TEMPORAL_ADDRESS: address };
  return openTemporal({ env, ignoreProfileFile: true, namespace: 'default' });
}
