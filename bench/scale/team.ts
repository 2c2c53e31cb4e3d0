import type { OwnSandbox, OwnWorker } from '../site/processes.ts';
import type { Site } from '../site/site.ts';
import { watch, type Usage } from '../site/usage.ts';

/** Workers of one token, with the processes around them. */
export interface Team {
  workers: readonly OwnWorker[];
  sandbox: OwnSandbox;
}

/** Starts a sandbox and workers that share its token. */
export async function startTeam(
  site: Site,
  team: {
    taskQueue: string;
    workers: number;
    rate: number;
    sandbox: Parameters<Site['sandbox']>[0];
  },
): Promise<Team> {
  const sandbox = await site.sandbox(team.sandbox);
  const { taskQueue, rate } = team;
  const workers: OwnWorker[] = [];
  for (let nth = 0; nth < team.workers; nth += 1) {
    workers.push(await site.worker({ taskQueue, apiUrl: sandbox.url, requestsPerSecond: rate }));
  }
  return { workers, sandbox };
}

export async function endTeam({ workers, sandbox }: Team): Promise<void> {
  for (const worker of workers) await worker.stop();
  await sandbox.stop();
}

/** Usage of the processes while the work lasts. */
export async function usageDuring<T>(
  { workers, sandbox }: Team,
  site: Site,
  work: () => Promise<T>,
): Promise<{ result: T; usage: Map<string, Usage>; seconds: number }> {
  const pids = new Map<string, number>([
    ...workers.map(({ pid }, at): [string, number] => [`worker ${at + 1}`, pid]),
    ['sandbox', sandbox.pid],
    ['caller', process.pid],
    ...(site.serverPid === null ? [] : [['Temporal', site.serverPid] as [string, number]]),
  ]);
  const watched = watch(pids);
  const beganMs = performance.now();
  try {
    const result = await work();
    return { result, seconds: (performance.now() - beganMs) / 1_000, usage: watched.end() };
  } finally {
    watched.end();
  }
}

const REQUESTS = /^rowmill_api_requests_total\{(.*)\} (\d+)/gm;

/** Returns the requests of a worker so far, and how many of them were refused (429). */
export async function requestsOf({ health }: OwnWorker): Promise<{ all: number; refused: number }> {
  const text = await (await fetch(`${health}/metrics`)).text();
  let all = 0;
  let refused = 0;
  for (const [, labels = '', count] of text.matchAll(REQUESTS)) {
    all += Number(count);
    if (labels.includes('status="429"')) refused += Number(count);
  }
  return { all, refused };
}

const MIB = 2 ** 20;

/** Describes the usage of the processes of a name, such as all workers. */
export function usageText(usage: ReadonlyMap<string, Usage>, name: string): string {
  const found = [...usage].filter(([each]) => each.startsWith(name)).map(([, its]) => its);
  const peaks = found.map(({ peakBytes }) => Math.round((peakBytes ?? 0) / MIB));
  const cpuS = found.reduce((sum, its) => sum + its.cpuS, 0);
  return `${name}: ${peaks.join(', ')} MiB, ${cpuS.toFixed(0)} s of processor`;
}
