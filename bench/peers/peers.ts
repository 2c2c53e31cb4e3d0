import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BASE_CASE } from '../cases.ts';
import { cpuDuring } from '../site/cpu.ts';
import { peakDuring } from '../site/memory.ts';
import { companyName } from '../site/pipeline.ts';
import { started, type Own } from '../site/processes.ts';
import { TOKEN, type Site } from '../site/site.ts';
import { wholeRun } from '../site/whole-run.ts';
import type { enrichPlainly } from './workflow.ts';

export interface PlainWorkerSettings {
  temporal: string;
  taskQueue: string;
  apiUrl: string;
  token: string;
  /** Folder of the pages. */
  folder: string;
}

export interface LoopSettings {
  apiUrl: string;
  token: string;
  rows: readonly string[];
  file: string;
}

/** Result and costs of one way of doing the job. */
export interface Outcome {
  wallS: number;
  /** Processor time of the process that does the work: the loop, or the worker. */
  cpuS: number | null;
  peakBytes: number | null;
  /** Events and bytes; `null` without Temporal. */
  history: { events: number; bytes: number } | null;
  /** Inputs that came back with an answer. */
  answered: number;
  /** Reason that it did not end as it should. */
  problem: string | null;
}

/** Way of doing the job: so many rows, on this API. */
export type Peer = (
  site: Site,
  job: { apiUrl: string; rows: number; id: string },
) => Promise<Outcome>;

const built = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const namesOf = (rows: number): string[] =>
  Array.from({ length: rows }, (_, at) => companyName(at));

export const bareLoop: Peer = async (site, { apiUrl, rows, id }) => {
  const file = join(site.folder, `${id}.jsonl`);
  const settings: LoopSettings = { apiUrl, token: TOKEN, rows: namesOf(rows), file };
  const child = spawn(process.execPath, [built('loop-process.js'), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString('utf8')));
  const measured = await measure(child.pid ?? 0, async () => {
    await once(child, 'exit');
    return said.trim() || null;
  });
  const answered = await answersIn([file]).catch(() => 0);
  return { ...measured, history: null, answered };
};

/** Time after which a run counts as one that never ends. */
const PATIENCE_MS = 300_000;

export const plainTemporal: Peer = async (site, { apiUrl, rows, id }) => {
  const folder = join(site.folder, id);
  await mkdir(folder, { recursive: true });
  const worker = await plainWorker({
    temporal: site.address,
    taskQueue: id,
    apiUrl,
    token: TOKEN,
    folder,
  });
  const handle = await site.client.workflow.start<typeof enrichPlainly>('enrichPlainly', {
    workflowId: id,
    taskQueue: id,
    args: [namesOf(rows)],
    workflowExecutionTimeout: PATIENCE_MS,
  });
  const measured = await measure(worker.pid, () =>
    handle.result().then(
      () => null,
      (error: unknown) => String(error),
    ),
  );
  const { historyLength, raw } = await handle.describe();
  const bytes = Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
  await worker.stop();
  const pages = (await readdir(folder)).map((name) => join(folder, name));
  const answered = await answersIn(pages);
  return { ...measured, history: { events: historyLength, bytes }, answered };
};

export const rowmill: Peer = async (site, { apiUrl, rows, id }) => {
  const worker = await site.worker({ taskQueue: id, apiUrl });
  const measured = await measure(worker.pid, () =>
    wholeRun(site, worker, { id, rows, taskQueue: id, its: BASE_CASE }),
  );
  await worker.stop();
  const { summary, historyEvents, historyBytes } = measured.problem;
  return {
    ...measured,
    history: { events: historyEvents, bytes: historyBytes },
    answered: summary.cells.done,
    problem: summary.outcome === 'completed' ? null : summary.outcome,
  };
};

async function measure<T>(pid: number, work: () => Promise<T>) {
  const beganMs = performance.now();
  const { result, peakBytes } = await peakDuring(pid, () => cpuDuring(pid, work));
  const wallS = (performance.now() - beganMs) / 1_000;
  return { wallS, peakBytes, cpuS: result.cpuS, problem: result.result };
}

/** Starts a worker of the plain workflow. */
export async function plainWorker(settings: PlainWorkerSettings): Promise<Own> {
  const child = spawn(process.execPath, [built('worker-process.js'), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await started(child, child.stdout, (line) => line === 'up')).own;
}

/** Counts the inputs that have an answer in these files: a row that is there twice counts once. */
async function answersIn(files: readonly string[]): Promise<number> {
  const answered = new Set<unknown>();
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      // A row of the API's documented shape.
      const { data } = JSON.parse(line) as {
        data: Record<string, { value: unknown; status: string } | undefined>;
      };
      if (data['sector']?.status === 'done') answered.add(data['input']?.value);
    }
  }
  return answered.size;
}
