import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { RUN_FILE } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import { DURATION_ALLOWED, parseDuration } from '../../rules/duration.ts';
import { mapAtOnce } from '../../store/at-once.ts';
import { expiredClaims } from '../../store/claims.ts';
import type { AgedFolder, Store } from '../../store/store.ts';
import {
  folderNameOf,
  runsNeeded,
  withPreviousRuns,
  workflowsInProgress,
  type RunFolderName,
} from './kept-runs.ts';

/** Run whose files are old enough to be removed. */
export interface OldRun {
  workflowId: string;
  /** `null`: it ended before it had a pipeline. */
  pipeline: string | null;
  /** `null`: it published nothing. */
  outcome: string | null;
  /** Time of its newest file, ISO 8601. */
  writtenAt: string;
  bytes: number;
}

/** Data that `prune` removes. */
export interface PrunePlan {
  /** ISO 8601; whatever has a newer file is kept. */
  before: string;
  runs: OldRun[];
  /** Folders of frozen rows that are not needed any more. */
  frozenRows: number;
  /** Expired claims on result paths. */
  claims: number;
  /** Bytes of all of it, claims aside. */
  bytes: number;
  /** Old runs that are kept. */
  kept: {
    /** Number of runs in progress, or continued by a run in progress. */
    inProgress: number;
    /** Read by the next run of their pipeline. */
    needed: number;
  };
}

export interface PruneOptions {
  /** Span such as `90d`, at least one day, in which no file was written to. */
  older: string;
  /** Called with the plan before anything is removed. Throws to reject it. */
  confirm?: (plan: PrunePlan) => Promise<void> | void;
}

const DAY_MS = 86_400_000;
/** Folders that are read at once: each takes an open file or a request. */
const AT_ONCE = 16;

/**
 * Removes the files of old runs from the store. The ledger and the state of pipelines are kept, and so are
 * runs in progress and those that the next run of a pipeline reads.
 * @throws RowmillError `usage` for a span that is none or too short, `store_…`, `temporal_unreachable`: without
 * the server it is not known what is in progress
 */
export async function pruneStore(
  client: Client,
  store: Store,
  { older, confirm }: PruneOptions,
  nowMs = Date.now(),
): Promise<PrunePlan> {
  const beforeMs = nowMs - spanOf(older);
  const isOld = ({ writtenAtMs }: AgedFolder): boolean => writtenAtMs < beforeMs;
  const all = await store.aged('runs');
  const inProgress = await workflowsInProgress(client);
  const isOpen = ({ names }: AgedFolder): boolean => inProgress.has(names[1] ?? '');
  const nameOf = ({ names }: AgedFolder): RunFolderName => folderNameOf(names);
  const open = await withPreviousRuns(store, all.filter(isOpen).map(nameOf));
  const needed = await withPreviousRuns(store, await runsNeeded(store));
  const old = all.filter(isOld);
  const runs = old.filter((each) => !open.has(nameOf(each)) && !needed.has(nameOf(each)));
  // A run in progress without a folder may not have copied its frozen rows.
  const begun = new Set(all.map(({ names }) => names[1]));
  const allBegun = [...inProgress.keys()].every((name) => begun.has(name));
  const staged = allBegun ? (await store.aged('staged')).filter(isOld) : [];
  const claims = await expiredClaims(store, beforeMs);
  const plan: PrunePlan = {
    before: new Date(beforeMs).toISOString(),
    runs: await mapAtOnce(runs, AT_ONCE, (each) => oldRun(store, each)),
    frozenRows: staged.length,
    claims: claims.length,
    bytes: [...runs, ...staged].reduce((sum, { bytes }) => sum + bytes, 0),
    kept: {
      inProgress: old.filter((each) => open.has(nameOf(each))).length,
      needed: old.filter((each) => !open.has(nameOf(each)) && needed.has(nameOf(each))).length,
    },
  };
  await confirm?.(plan);
  for (const each of [...runs, ...staged]) await store.discard(each);
  for (const name of claims) await store.claims.remove(name);
  return plan;
}

function spanOf(older: string): number {
  const spanMs = parseDuration(older);
  if (spanMs !== null && spanMs >= DAY_MS) return spanMs;
  const what = spanMs === null ? 'is no span of time' : 'is too short';
  throw new RowmillError('usage', `"${older.slice(0, 40)}" ${what}`, {
    where: 'older',
    remedy: `Give ${DURATION_ALLOWED}, one day at least.`,
  });
}

const manifestShape = z.object({ workflowId: z.string(), outcome: z.string() }).partial();
const pipelineShape = z.object({ name: z.string() }).partial();

async function oldRun(store: Store, aged: AgedFolder): Promise<OldRun> {
  const folder = store.folderOf(aged);
  const read = async (name: string): Promise<unknown> =>
    (await folder.exists(name)) ? folder.readJson(name).catch(() => null) : null;
  const manifest = manifestShape.safeParse(await read(RUN_FILE.manifest)).data;
  const pipeline = pipelineShape.safeParse(await read(RUN_FILE.pipeline)).data;
  return {
    workflowId: manifest?.workflowId ?? aged.names[1] ?? '',
    pipeline: pipeline?.name ?? null,
    outcome: manifest?.outcome ?? null,
    writtenAt: new Date(aged.writtenAtMs).toISOString(),
    bytes: aged.bytes,
  };
}
