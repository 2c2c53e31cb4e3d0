import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { ActivityDeps } from '../../activities/runtime/deps.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index.ts';
import { WORKFLOW_TYPE } from '../../src/contract/names.ts';
import type { EnrichTableInput, RunSummary } from '../../src/contract/run.ts';
import type { Json } from '../../src/contract/json.ts';
import { createWebhooks } from '../../src/notify/webhooks.ts';
import { dataConverterOf } from '../../src/temporal/data-converter.ts';
import { retryWithoutThrowAfterClose } from '../../src/temporal/sdk-workarounds.ts';
import { createProviders, type Providers } from '../../src/providers/registry.ts';
import { createFileStore } from '../../src/store/disk/file-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startWorker, type RunningWorker } from '../../src/worker/worker.ts';
import { pipelineInput } from './pipeline-input.ts';
import { allEnv } from './providers/cases.ts';
import { extruct, SECTOR } from './providers/extruct.ts';
import type { ProviderCase } from './providers/provider-case.ts';
import { TOKEN } from './token.ts';

export { SECTOR, TOKEN };

/** A whole installation on this machine: Temporal of the test run, sandbox, store, worker, client. */
export interface TestEnv {
  folder: string;
  sandbox: Sandbox;
  store: Store;
  client: Client;
  worker: RunningWorker;
  taskQueue: string;
  /** Another one takes over, which knows nothing of the one before; with other payload keys, if given. */
  restartWorker(payloadKeys?: string): Promise<void>;
  close(): Promise<void>;
}

export interface TestEnvOptions {
  sandbox?: Partial<SandboxOptions>;
  requestsPerSecond?: number;
  /** Environment of the worker, for webhooks. */
  webhookEnv?: Record<string, string>;
  /** Providers in place of those of the package; they may be made for the sandbox's address. */
  providers?: Providers | ((url: string) => Providers);
  /** Other dependencies of the worker's steps. */
  deps?: Partial<ActivityDeps>;
  /** Address in place of that of the test run. */
  address?: string;
  /** Keys of worker and client, as in ROWMILL_PAYLOAD_KEYS. */
  payloadKeys?: string;
  /** The worker bundles the workflows itself. */
  fromSource?: boolean;
  /** Bundle in place of that of the test run. */
  bundlePath?: string;
}

let started = 0;
let running = 0;

/** Quiet, and ours to end: a runtime left running keeps the test process alive. */
function enter(): void {
  running += 1;
  if (running > 1) return;
  const level = process.env['ROWMILL_TEST_LOG'] === undefined ? 'ERROR' : 'INFO';
  Runtime.install({ logger: new DefaultLogger(level), shutdownSignals: [] });
}

async function leave(): Promise<void> {
  running -= 1;
  if (running === 0) await Runtime.instance().shutdown();
}

export async function startTestEnv(options: TestEnvOptions = {}): Promise<TestEnv> {
  enter();
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-test-env-'));
  const sandbox = await startSandbox({
    token: TOKEN,
    speed: 300,
    statusLagMs: 50,
    ...options.sandbox,
  });
  const store = createFileStore(join(folder, 'store'));
  const address = options.address ?? process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  const taskQueue = `test-${process.pid}-${Date.now()}-${(started += 1)}`;
  const env = {
    ...allEnv(sandbox.url),
    ROWMILL_REQUESTS_PER_SECOND: String(options.requestsPerSecond ?? 500),
  };
  const { providers = createProviders(env) } = options;
  let { payloadKeys = '' } = options;
  const open = () =>
    startWorker({
      env: { ROWMILL_PAYLOAD_KEYS: payloadKeys },
      deps: {
        store,
        searchAttributes: true,
        commitWaitFactor: 0.2,
        providers: typeof providers === 'function' ? providers(sandbox.url) : providers,
        webhooks: createWebhooks(options.webhookEnv ?? {}),
        ...options.deps,
      },
      taskQueue,
      target: { address, ignoreProfileFile: true },
      ...(process.env['ROWMILL_TEST_BUNDLE'] === undefined || options.fromSource === true
        ? {}
        : { bundlePath: options.bundlePath ?? process.env['ROWMILL_TEST_BUNDLE'] }),
      shutdownGraceMs: 100,
    });
  const connection = await Connection.connect({
    address,
    interceptors: [retryWithoutThrowAfterClose],
  });
  const testEnv: TestEnv = {
    folder,
    sandbox,
    store,
    client: new Client({
      connection,
      dataConverter: dataConverterOf({ ROWMILL_PAYLOAD_KEYS: payloadKeys }),
    }),
    worker: await open(),
    taskQueue,
    restartWorker: async (keys = payloadKeys) => {
      payloadKeys = keys;
      await testEnv.worker.stop();
      testEnv.worker = await open();
    },
    close: async () => {
      await testEnv.worker.stop();
      await connection.close();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
      await leave();
    },
  };
  return testEnv;
}

/** Starts a run and waits for its end; throws `WorkflowFailedError` where it fails. */
export const executeRun = (
  { client, taskQueue }: TestEnv,
  workflowId: string,
  input: EnrichTableInput,
): Promise<RunSummary> =>
  client.workflow.execute<(input: EnrichTableInput) => Promise<RunSummary>>(WORKFLOW_TYPE, {
    workflowId,
    taskQueue,
    args: [input],
  });

/** A pipeline over inline rows, quick enough for a test. */
export const pipelineInputFor = (
  testEnv: TestEnv,
  rows: Record<string, Json>[],
  overrides: Record<string, unknown> = {},
  provider: ProviderCase = extruct,
): Promise<EnrichTableInput> =>
  pipelineInput(testEnv.folder, provider, rows, {
    run: { minPollInterval: '100ms', maxPollInterval: '1s', stallAfter: '20s', deadline: '10m' },
    ...overrides,
  });
