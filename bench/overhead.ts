import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxEnv, sandboxTokens } from '../src/providers/sandbox-tokens.ts';
import { COLUMNS } from './cases.ts';
import type { Figure } from './figure.ts';
import { bareApi } from './naive/api.ts';
import { naiveRun } from './naive/script.ts';
import { benchPipeline, companyName } from './site/pipeline.ts';
import { busyApi } from './site/busy-api.ts';
import type { Own } from './site/processes.ts';
import { TOKEN, type Site } from './site/site.ts';
import { MAIN } from './commands.ts';

const ROWS = 500;

const PACE = busyApi(100);

const TASK_QUEUE = 'bench-overhead';

/** R23: a run from the start of its command to the end, against the time that the API takes. */
export async function overheadFigures(site: Site): Promise<Figure[]> {
  const bare = await onSandbox(site, (url) => {
    const rows = Array.from({ length: ROWS }, (_, at) => companyName(at));
    const file = join(site.folder, 'overhead.jsonl');
    return naiveRun(bareApi(url, TOKEN), { rows, columns: COLUMNS, file });
  });
  const env = {
    TEMPORAL_ADDRESS: site.address,
    ROWMILL_TASK_QUEUE: TASK_QUEUE,
    ROWMILL_STORE: site.store,
  };
  const served = await onSandbox(
    site,
    (url) => command(site, url, 'served', [], env),
    (apiUrl) => site.worker({ taskQueue: TASK_QUEUE, apiUrl }),
  );
  const embedded = await onSandbox(site, (url) => command(site, url, 'embedded', ['--embedded']));
  const figure = (what: string, { ratio, ownMs }: Measured, bar: number): Figure => ({
    ratio: 'R23',
    what: `run of ${ROWS} rows ÷ the API's own time, ${what}`,
    value: ratio,
    naive: bare.ratio,
    bar,
    origin: 'measured',
    note: `the API works for ${(ownMs / 1_000).toFixed(0)} s`,
  });
  return [figure('a worker is there', served, 1.08), figure('--embedded', embedded, 1.12)];
}

interface Measured {
  ratio: number;
  ownMs: number;
}

/** Measures a run on a sandbox of its own; a worker that it needs is up before. */
async function onSandbox(
  site: Site,
  run: (url: string) => Promise<unknown>,
  worker?: (url: string) => Promise<Own>,
): Promise<Measured> {
  const sandbox = await site.sandbox(PACE);
  const own = workOf(sandbox.url);
  const up = await worker?.(sandbox.url);
  const startedAtMs = performance.now();
  await run(sandbox.url);
  const wallMs = performance.now() - startedAtMs;
  await up?.stop();
  const ownMs = await own;
  await sandbox.stop();
  return { ratio: wallMs / ownMs, ownMs };
}

const LOOK_EVERY_MS = 50;

/** Time for which the only table of a sandbox runs. */
async function workOf(url: string): Promise<number> {
  const api = bareApi(url, TOKEN);
  let startedAtMs: number | null = null;
  for (;;) {
    // The reply's documented shape.
    const [table] = (await api.get('/v1/tables?offset=0&limit=1')) as { id: string }[];
    const { status } = (table === undefined ? {} : await api.get(`/v1/tables/${table.id}`)) as {
      status?: { run_status: string };
    };
    const runs = status?.run_status === 'running';
    if (runs) startedAtMs ??= performance.now();
    else if (startedAtMs !== null) return performance.now() - startedAtMs;
    await sleep(LOOK_EVERY_MS);
  }
}

/** Runs `rowmill run` in a folder of its own. */
async function command(
  site: Site,
  apiUrl: string,
  name: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const cwd = join(site.folder, `overhead-${name}`);
  await benchPipeline(cwd, ROWS, name);
  const child = spawn(process.execPath, [MAIN, 'run', 'pipeline.json', '--yes', ...flags], {
    cwd,
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ...sandboxEnv(apiUrl, sandboxTokens({}, TOKEN)),
      ...env,
    },
  });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`the run ended with ${child.exitCode}`);
}
