import { setTimeout as sleep } from 'node:timers/promises';
import type { Rowmill } from '../../client/rowmill.ts';
import type { RunInfo } from '../../client/runs/lookup/list.ts';
import type { Cli } from '../io/context.ts';
import { formatCount, formatDuration } from '../io/format.ts';
import { uiLink } from '../../text/ui-link.ts';

export interface RunLogSource {
  rowmill: Rowmill;
  uiUrl: string | null;
}

const CHECK_EVERY_MS = 1_000;
/** Maximum runs watched: those in progress first, then the newest. */
const RUNS = 100;

/** Prints a line when a run starts and when it ends, until the signal fires. */
export async function logRuns(
  cli: Cli,
  { rowmill, uiUrl }: RunLogSource,
  signal: AbortSignal,
): Promise<void> {
  let known: Map<string, string> | null = null;
  while (!signal.aborted) {
    const runs = await rowmill.list({ limit: RUNS }).catch(() => null);
    if (runs !== null) {
      for (const run of known === null ? [] : runs.runs.toReversed()) {
        const before = known?.get(run.runId);
        const state = stateOf(run);
        if (before === state) continue;
        const link = uiLink(uiUrl, rowmill.namespace, run);
        // A short run starts and ends between two reads.
        if (before === undefined && state !== STARTED) cli.log(lineOf(run, STARTED, link));
        cli.log(lineOf(run, state, link));
      }
      known = new Map(runs.runs.map((run) => [run.runId, stateOf(run)]));
    }
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

const STARTED = 'started';

const stateOf = ({ status, outcome }: RunInfo): string =>
  status === 'RUNNING' ? STARTED : (outcome ?? status.toLowerCase());

function lineOf(run: RunInfo, state: string, link: string | null): string {
  const rows = run.rows === null ? '' : `, ${formatCount(run.rows, 'row')}`;
  const took = state === STARTED ? '' : `${rows}, ${formatDuration(run.durationMs)}`;
  return `${run.workflowId} ${state}${took}${link === null ? '' : `  ${link}`}`;
}
