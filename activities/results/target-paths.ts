import type { Pipeline, ResultTarget, RowsSource } from '../../src/contract/pipeline.ts';
import { RowmillError } from '../../src/errors.ts';
import { clashesOfPipeline, realFootprint } from '../../src/paths/footprint.ts';
import { rowsFormatOf } from '../../src/paths/formats.ts';
import { whyNotRead, whyNotWrite, type Roots } from '../../src/paths/roots.ts';
import { resultFormatOf } from '../../src/sinks/index.ts';
import { othersWithClaims } from '../../src/store/claims.ts';
import type { RunKey } from '../../src/store/store.ts';
import type { ActivityDeps } from '../runtime/deps.ts';

/** Rejects targets that would overwrite the run's own files. @throws RowmillError `path_refused` */
export async function refuseClashes(pipeline: Pipeline): Promise<void> {
  const [clash] = await clashesOfPipeline(pipeline, null);
  if (clash === undefined) return;
  const to = pipeline.results[clash.at]?.to ?? '';
  throw new RowmillError(
    'path_refused',
    `results would overwrite what is not theirs: ${clash.why}`,
    {
      where: `results[${clash.at}].to ${to}`,
      remedy: 'Give the results a path of their own.',
    },
  );
}

/** Real paths that two runs must not publish to at the same time without a word. */
export const sharedPaths = async (results: readonly ResultTarget[]): Promise<string[]> => {
  const places = await Promise.all(results.map(({ to }) => realFootprint(to)));
  return places.flatMap(({ results: path, manifest }) => [path, manifest]);
};

/** Other runs in progress that registered one of these real paths, three at most. */
export async function runsAt(
  { store, now = Date.now, inProgress }: ActivityDeps,
  run: RunKey,
  paths: readonly string[],
): Promise<string[]> {
  return othersWithClaims(store, paths, {
    nowMs: now(),
    inProgress: inProgress ?? ((ids) => Promise.resolve([...ids])),
    isOwn: (claim) => claim.workflowId === run.workflowId && claim.firstRunId === run.firstRunId,
  });
}

/**
 * Rejects sources other than row files in folders that the worker's operator named.
 * @throws RowmillError `path_refused`
 */
export async function refuseSource(deps: ActivityDeps, source: RowsSource): Promise<void> {
  if (source.type === 'postgres') refuseDatabase(deps, source.urlEnv);
  if (source.type !== 'file') return;
  const { path, format } = source;
  const why =
    rowsFormatOf(path) === format
      ? await whyNotRead(path, rootsOf(deps))
      : `its extension is not that of ${format}`;
  if (why !== null) throw notOpen(`rows.source.path ${path}`, why);
}

/** Rejects a database that the operator of a worker for others has not opened to pipelines. */
function refuseDatabase({ roots = null, env = process.env }: ActivityDeps, urlEnv: string): void {
  const open = (env[ROWS_DATABASES] ?? '').split(',').map((name) => name.trim());
  if (roots === null || open.includes(urlEnv)) return;
  throw new RowmillError('path_refused', `${urlEnv} is not open to pipelines`, {
    where: 'rows.from.postgres',
    remedy: `Name it where the worker runs: ${ROWS_DATABASES}=${urlEnv}.`,
  });
}

/** Variable with the names of variables whose databases rows may come from, by commas. */
const ROWS_DATABASES = 'ROWMILL_ROWS_DATABASES';

/** Rejects targets outside of those folders. @throws RowmillError `path_refused` */
export async function refuseTargets(
  deps: ActivityDeps,
  results: readonly ResultTarget[],
): Promise<void> {
  for (const [at, { to, format }] of results.entries()) {
    const why =
      resultFormatOf(to) === format
        ? await whyNotWrite(to, rootsOf(deps))
        : `its extension is not that of ${format}`;
    if (why !== null) throw notOpen(`results[${at}].to ${to}`, why);
  }
}

const rootsOf = ({ roots = null, store }: ActivityDeps): Roots => ({
  folders: roots,
  store: store.location,
});

const notOpen = (where: string, why: string): RowmillError =>
  new RowmillError('path_refused', `the path is not open to runs: ${why}`, {
    where,
    remedy:
      'Use a path under ROWMILL_ROOTS of the worker, or let its operator name the folder there.',
  });
