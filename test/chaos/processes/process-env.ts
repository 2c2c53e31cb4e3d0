import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { Json } from '../../../src/contract/json.ts';
import { WORKFLOW_TYPE } from '../../../src/contract/names.ts';
import type { EnrichTableInput, RunSummary } from '../../../src/contract/run.ts';
import { gather, type Evidence } from '../../support/invariants/evidence.ts';
import { breaches } from '../../support/invariants/index.ts';
import { pipelineInput } from '../../support/pipeline-input.ts';
import { allEnv, companies, wantedRows } from '../../support/providers/cases.ts';
import type { ProviderCase } from '../../support/providers/provider-case.ts';
import { rowmill, type Command } from '../../cli/command.ts';
import { openSandboxPort, type SandboxPort } from './sandbox-port.ts';

type Run = (input: EnrichTableInput) => Promise<RunSummary>;
export type Handle = WorkflowHandle<Run>;

export interface ProcessEnvOptions {
  /** Names the run. */
  name: string;
  provider: ProviderCase;
  rows: number;
  seed?: number;
  /** API milliseconds in one real millisecond: a cell takes one to three minutes of the API's. */
  speed?: number;
  /** Address of Temporal; that of the test run unless given. */
  address?: string;
  /** Sandbox in place of one in a process of its own. */
  sandbox?: SandboxPort;
  /** Place of the store; in the site's folder unless given. */
  store?: string;
  /** Settings of the run, beside those of every run here. */
  run?: Record<string, Json>;
  /** Reason that the run ends before its time; it may not unless given. */
  cutShort?: string;
}

export interface StepNow {
  type: string;
  attempt: number;
  /** Worker that runs it: `<process id>@<host>`. */
  holder: string | null;
  lastFailure: string | null;
}

/** Value of temporal.api.enums.v1.PendingActivityState. */
const STARTED = 2;

/** A deployment of real processes for one run: each can be killed and started again. */
export interface ProcessEnv {
  folder: string;
  client: Client;
  taskQueue: string;
  sandbox: SandboxPort;
  /** One more worker process, polling when this resolves. */
  startWorker(env?: Record<string, string>, via?: readonly string[]): Promise<Command>;
  startRun(): Promise<Handle>;
  /** Type and attempt of the step in progress. */
  step(): Promise<StepNow | null>;
  isOver(): Promise<boolean>;
  /** Waits until the run is over; gives back what is wrong, and ends workers and sandbox. */
  verdict(handle: Handle): Promise<string[]>;
}

let environments = 0;

/** Opens a site, and ends all its processes whatever happens. */
export async function withProcessEnv<T>(
  options: ProcessEnvOptions,
  work: (site: ProcessEnv) => Promise<T>,
): Promise<T> {
  const { site, close } = await startProcessEnv(options);
  try {
    return await work(site);
  } finally {
    await close();
  }
}

async function startProcessEnv(
  options: ProcessEnvOptions,
): Promise<{ site: ProcessEnv; close: () => Promise<void> }> {
  const { name, provider, seed = 1, speed = 60 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-chaos-'));
  const address = options.address ?? process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  const taskQueue = `chaos-${process.pid}-${Date.now()}-${(environments += 1)}`;
  const journal = join(folder, 'sandbox.journal');
  const sandbox = options.sandbox ?? (await openSandboxPort({ cwd: folder, journal, seed, speed }));
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const workflowId = `${name}-${provider.name}-${taskQueue}`;
  const workers: Command[] = [];
  const rows = companies(options.rows);
  const input = await inputOf(folder, rows, options);

  const startWorker: ProcessEnv['startWorker'] = async (env = {}, via = []) => {
    const worker = rowmill(['worker'], {
      cwd: folder,
      via,
      env: {
        ...allEnv(sandbox.url),
        TEMPORAL_ADDRESS: address,
        ROWMILL_TASK_QUEUE: taskQueue,
        ROWMILL_STORE: options.store ?? join(folder, 'store'),
        ROWMILL_HEALTH_PORT: '0',
        ROWMILL_SHUTDOWN_GRACE: '2s',
        ROWMILL_WORKFLOW_BUNDLE: process.env['ROWMILL_TEST_BUNDLE'] ?? '',
        ...env,
      },
    });
    workers.push(worker);
    await worker.says('"worker started"');
    return worker;
  };

  const site: ProcessEnv = {
    folder,
    client,
    taskQueue,
    sandbox,
    startWorker,
    startRun: () =>
      client.workflow.start<Run>(WORKFLOW_TYPE, { workflowId, taskQueue, args: [input] }),
    step: async () => {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      const [step] = raw.pendingActivities ?? [];
      if (step === undefined) return null;
      return {
        type: step.activityType?.name ?? '',
        attempt: step.attempt ?? 0,
        holder: Number(step.state) === STARTED ? (step.lastWorkerIdentity ?? null) : null,
        lastFailure: step.lastFailure?.message ?? null,
      };
    },
    isOver: async () => {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      return status.name !== 'RUNNING';
    },
    verdict: async (handle) => {
      const ended = await endOf(handle);
      const logs = await Promise.all(workers.map(logOf));
      const sandboxLedger = await sandbox.ledger();
      try {
        const { pipeline } = input;
        const wanted = wantedRows(provider, rows);
        const { store: storeFolder = folder } = options;
        const scene = { folder, storeFolder, client, sandbox: sandboxLedger };
        const evidence = await gather(scene, { workflowId, pipeline, wanted, ended });
        for (const [at, log] of logs.entries()) evidence.texts.set(`log of worker ${at}`, log);
        return [...breaches(evidence), ...shortfalls(evidence, options.cutShort ?? null)];
      } finally {
        await sandboxLedger.close();
      }
    },
  };
  const close = async (): Promise<void> => {
    for (const { child } of workers) child.kill('SIGKILL');
    await sandbox.stop('SIGKILL');
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { site, close };
}

/** A server that is down for now is no end. */
async function endOf(handle: Handle): Promise<RunSummary | Error> {
  for (;;) {
    try {
      return await handle.result();
    } catch (error) {
      if (error instanceof WorkflowFailedError) return error;
      await sleep(500);
    }
  }
}

/** All that a worker has said; it is of no use any more. */
async function logOf({ child, ended }: Command): Promise<string> {
  child.kill('SIGKILL');
  const { stdout, stderr } = await ended;
  return stdout + stderr;
}

/** None of these processes' troubles may cut a run short. */
function shortfalls({ failure, manifest }: Evidence, cutShort: string | null): string[] {
  if (failure !== null) return [`it failed: ${failure.message}`];
  // How many cells have an answer is said in any case, after the reason for an early end.
  const own = /(; )?[\d,]+ of [\d,]+ cells have (no|an) answer.*$/;
  const reason = (manifest.reason ?? '').replace(own, '') || null;
  return reason === cutShort ? [] : [`it was cut short: ${String(reason)}`];
}

const inputOf = (
  folder: string,
  rows: ReturnType<typeof companies>,
  { provider, run = {} }: ProcessEnvOptions,
): Promise<EnrichTableInput> =>
  pipelineInput(folder, provider, rows, {
    name: 'chaos',
    run: {
      minPollInterval: '200ms',
      maxPollInterval: '1s',
      stallAfter: '2m',
      deadline: '50m',
      ...run,
    },
  });
