import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { startSandbox } from '../../../sandbox/index.ts';
import { WORKFLOW_TYPE } from '../../../src/contract/names.ts';
import type { EnrichTableInput, RunSummary } from '../../../src/contract/run.ts';
import { parsePipeline } from '../../../src/spec/index.ts';
import { gather, type Evidence, type WantedRow } from '../../support/evidence.ts';
import { TOKEN } from '../../support/token.ts';
import { breaches } from '../../support/invariants.ts';
import { rowmill, type Command } from '../../cli/command.ts';
import { openSandboxPort, type SandboxPort } from './sandbox-port.ts';

type Run = (input: EnrichTableInput) => Promise<RunSummary>;
export type Handle = WorkflowHandle<Run>;

export interface SiteOptions {
  /** Names the run. */
  name: string;
  rows: number;
  seed?: number;
  /** API milliseconds in one real millisecond: a cell takes one to three minutes of the API's. */
  speed?: number;
  /** Of Temporal; the one of the test run unless given. */
  address?: string;
  /** Where the store is; in the site's folder unless given. */
  store?: string;
  /** Over the pipeline of the test. */
  pipeline?: Record<string, unknown>;
}

export interface StepNow {
  type: string;
  attempt: number;
  /** A worker has it in hand; which one: `<process id>@<host>`. */
  holder: string | null;
  lastFailure: string | null;
}

/** Of temporal.api.enums.v1.PendingActivityState. */
const STARTED = 2;

/** A deployment of real processes for one run: each can be killed and started again. */
export interface Site {
  folder: string;
  client: Client;
  taskQueue: string;
  sandbox: SandboxPort;
  /** One more worker process, polling when this resolves. */
  startWorker(env?: Record<string, string>): Promise<Command>;
  startRun(): Promise<Handle>;
  /** Type and attempt of the step under way. */
  step(): Promise<StepNow | null>;
  /** Waits until the run is over; gives back what is wrong, and ends the sandbox. */
  verdict(handle: Handle): Promise<string[]>;
}

const SECTOR = {
  kind: 'agent',
  key: 'sector',
  name: 'Sector',
  value: { agent_type: 'research_pro', prompt: 'Which GICS sector is {company_name} in?' },
};

let sites = 0;

/** Opens a site, and ends all its processes whatever happens. */
export async function withSite<T>(
  options: SiteOptions,
  work: (site: Site) => Promise<T>,
): Promise<T> {
  const { site, close } = await openSite(options);
  try {
    return await work(site);
  } finally {
    await close();
  }
}

async function openSite(options: SiteOptions): Promise<{ site: Site; close: () => Promise<void> }> {
  const { name, seed = 1, speed = 60 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'rowmill-chaos-'));
  const address = options.address ?? process.env['ROWMILL_TEST_TEMPORAL_ADDRESS'] ?? '';
  const taskQueue = `chaos-${process.pid}-${Date.now()}-${(sites += 1)}`;
  const journal = join(folder, 'sandbox.journal');
  const sandbox = await openSandboxPort({ cwd: folder, journal, seed, speed });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const workflowId = `${name}-${taskQueue}`;
  const workers: Command[] = [];
  const wanted = rowsOf(options.rows);
  const input = await inputOf(folder, wanted, options.pipeline ?? {});

  const startWorker = async (env: Record<string, string> = {}): Promise<Command> => {
    const worker = rowmill(['worker'], {
      cwd: folder,
      env: {
        EXTRUCT_API_TOKEN: TOKEN,
        EXTRUCT_BASE_URL: sandbox.url,
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

  const site: Site = {
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
    verdict: async (handle) => {
      const ended = await endOf(handle);
      await sandbox.stop();
      // Its journal, played again here, is the state it ended in.
      const books = await startSandbox({ token: TOKEN, stateFile: journal, seed });
      try {
        const { pipeline } = input;
        const scene = { folder, client, sandbox: books };
        const evidence = await gather(scene, { workflowId, pipeline, wanted, ended });
        return [...breaches(evidence), ...shortfalls(evidence)];
      } finally {
        await books.close();
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

/** None of these processes' troubles may cut a run short. */
function shortfalls({ failure, manifest }: Evidence): string[] {
  if (failure !== null) return [`it failed: ${failure.message}`];
  const reason = manifest.reason ?? null;
  return reason === null ? [] : [`it was cut short: ${reason}`];
}

const rowsOf = (count: number): WantedRow[] =>
  Array.from({ length: count }, (_, n) => ({ key: `S${n}`, input: { input: `Company ${n}` } }));

async function inputOf(
  folder: string,
  wanted: WantedRow[],
  overrides: Record<string, unknown>,
): Promise<EnrichTableInput> {
  const file = join(folder, 'pipeline.json');
  const inline = wanted.map(({ key, input }) => ({ Symbol: key, Security: input['input'] }));
  const text = JSON.stringify({
    name: 'chaos',
    provider: 'extruct',
    table: { kind: 'company', columns: [SECTOR] },
    rows: { inline, key: 'Symbol', map: { input: 'Security' } },
    run: { pollAtLeast: '200ms', pollAtMost: '1s', stallAfter: '2m', deadline: '20m' },
    results: [{ to: 'out/results.jsonl' }],
    ...overrides,
  });
  await writeFile(file, text);
  return { pipeline: parsePipeline(text, { file, baseDir: folder }).pipeline };
}
