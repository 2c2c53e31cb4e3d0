/**
 * Records the histories of the main paths into test/histories/<version>/. Run once a release, after
 * the workflow has changed for good: `npm run histories`. Old ones stay; they must replay for ever.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
// The SDK has no public path to the format that its own replayer reads.
// eslint-disable-next-line temporal/no-temporal-internal-imports
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startTemporalServer } from '../src/dev/temporal/server.ts';
import { startTestEnv } from '../test/support/test-env.ts';
import { play, SCENARIOS } from '../test/support/scenarios.ts';

// npm sets it for its scripts.
const version = process.env['npm_package_version'] ?? 'unreleased';
const folder = new URL(`../test/histories/${version}/`, import.meta.url);
mkdirSync(folder, { recursive: true });
const server = await startTemporalServer();
for (const scenario of SCENARIOS) {
  const testEnv = await startTestEnv({
    address: server.address,
    ...(scenario.sandbox === undefined ? {} : { sandbox: scenario.sandbox }),
  });
  const run = await play(scenario, testEnv);
  const history = await run.fetchHistory();
  const json = JSON.stringify(JSON.parse(historyToJSON(history)), (key, value: unknown) =>
    anonymous(key, value, testEnv.folder),
  );
  writeFileSync(new URL(`${scenario.name}.json`, folder), `${json}\n`);
  process.stdout.write(`${scenario.name}: ${history.events?.length ?? 0} events\n`);
  await testEnv.close();
}
await server.stop();

/** Removes the place of the recording, which would differ each time. */
function anonymous(key: string, value: unknown, folder: string): unknown {
  if (key === 'stackTrace') return '';
  if (typeof value !== 'string') return value;
  const plain = (text: string): string =>
    text.replaceAll(folder, '/house').replaceAll(hostname(), 'host');
  if (key !== 'data') return plain(value);
  return Buffer.from(plain(Buffer.from(value, 'base64').toString('utf8'))).toString('base64');
}
