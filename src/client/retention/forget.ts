import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { REPORT_END, RUN_FILE, WORK_FOLDER } from '../../contract/names.ts';
import { RowmillError } from '../../errors.ts';
import type { AgedFolder, Folder, Store } from '../../store/store.ts';
import { findRun } from '../runs/lookup/describe.ts';
import { workflowsInProgress } from './kept-runs.ts';

/** Files of one folder that have data of a row. */
export interface RowFiles {
  /** Workflow id of a run; `null`: its folder is one of frozen rows, or of results under `exports/`. */
  workflowId: string | null;
  files: string[];
}

/** Data that `forget` removes, and places that it cannot reach. */
export interface ForgetPlan {
  key: string;
  folders: RowFiles[];
  /** Lines and entries that are removed. */
  entries: number;
  /** Places with data of the row that are out of reach. */
  unreached: string[];
}

export interface ForgetOptions {
  /** Called with the plan before anything is changed. Throws to reject it. */
  confirm?: (plan: ForgetPlan) => Promise<void> | void;
}

/** Places outside the store that also hold the data of a row. */
const UNREACHED = [
  'Temporal, until the retention of the namespace: keys and inline rows in the history of runs',
  'the provider: the row in its table',
  'what was published: files and tables named in `results`, with quarantine, changes and report beside them; those under `exports/` of the store are reached if they are JSON',
  'backups of the store, and earlier versions of its files in a bucket that keeps versions',
];

/**
 * Removes the data of one row from the store: from results, quarantine, changes, reports, frozen rows and cell
 * sets of every run, and from what gateways let runs publish in the store. Each file is replaced whole. Repeating it continues an interrupted one.
 * @throws RowmillError `action_refused` while a run with the row is in progress, `store_…`,
 * `temporal_unreachable`
 */
export async function forgetRow(
  client: Client,
  store: Store,
  key: string,
  { confirm }: ForgetOptions = {},
): Promise<ForgetPlan> {
  const found: { aged: AgedFolder; files: Map<string, number> }[] = [];
  for (const part of ['runs', 'staged', 'exports'] as const) {
    for (const aged of await store.aged(part)) {
      const files = await filesWith(store.folderOf(aged), key);
      if (files.size > 0) found.push({ aged, files });
    }
  }
  await refuseInProgress(
    client,
    found.flatMap(({ aged: { names } }) => (names[0] === 'runs' ? names.slice(1, 2) : [])),
  );
  const plan: ForgetPlan = {
    key,
    folders: found.map(({ aged: { names }, files }) => ({
      workflowId: names[0] === 'runs' ? (names[1] ?? null) : null,
      files: [...files.keys()],
    })),
    entries: found.flatMap(({ files }) => [...files.values()]).reduce((sum, n) => sum + n, 0),
    unreached: UNREACHED,
  };
  await confirm?.(plan);
  for (const { aged, files } of found) {
    const folder = store.folderOf(aged);
    for (const name of files.keys()) await rewrite(folder, name, key);
  }
  return plan;
}

/** Refuses while a run with one of these folders is in progress. */
async function refuseInProgress(client: Client, folders: readonly string[]): Promise<void> {
  const listed = await workflowsInProgress(client);
  for (const folder of folders) {
    const id = listed.get(folder);
    if (id === undefined) continue;
    // A run that has just ended is still listed.
    const run = await findRun(client, id);
    if (run === null || run.closeTime !== undefined) continue;
    throw new RowmillError('action_refused', 'the run is in progress, and has the row', {
      where: `run ${id}`,
      remedy: 'Wait until it has ended, or cancel it.',
    });
  }
}

/** Finds the files of a folder with entries of the row, and how many. */
async function filesWith(folder: Folder, key: string): Promise<Map<string, number>> {
  const files = new Map<string, number>();
  const names = await folder.list('');
  for (const name of names.filter((each) => !isRemovedWhole(each))) {
    const entries = name.endsWith('.jsonl')
      ? await linesWith(folder, name, key)
      : name.endsWith('.json')
        ? withoutRow(name, await folder.readJson(name), key).removed
        : 0;
    if (entries > 0) files.set(name, entries);
  }
  if (files.size === 0) return files;
  // First, so that a repeated command finds what an interrupted one has left.
  return new Map([...names.filter(isRemovedWhole).map((name) => [name, 1] as const), ...files]);
}

/**
 * Checks for a file that goes whole: one that a killed step has left, with answers without the key of
 * their row, or a published report, which is rendered from the store again.
 */
const isRemovedWhole = (name: string): boolean =>
  name.endsWith(REPORT_END) ||
  Object.values<string>(WORK_FOLDER).some((folder) => name.startsWith(folder));

async function linesWith(folder: Folder, name: string, key: string): Promise<number> {
  let lines = 0;
  for await (const line of folder.lines(name)) if (isOf(line, key)) lines += 1;
  return lines;
}

const keyed = z.object({ key: z.string() });

/** Checks whether a line is of the row. Most lines need not be parsed. */
function isOf(line: string, key: string): boolean {
  if (!line.includes(JSON.stringify(key))) return false;
  try {
    return keyed.safeParse(JSON.parse(line)).data?.key === key;
  } catch {
    return false;
  }
}

async function rewrite(folder: Folder, name: string, key: string): Promise<void> {
  if (isRemovedWhole(name)) return folder.remove(name);
  if (!name.endsWith('.jsonl')) {
    await folder.writeJson(name, withoutRow(name, await folder.readJson(name), key).value);
    return;
  }
  const draft = await folder.create(name);
  try {
    for await (const line of folder.lines(name)) if (!isOf(line, key)) await draft.line(line);
    await draft.commit();
  } finally {
    await draft.discard();
  }
}

const withRows = z.object({ rows: z.looseObject({ key: z.string() }) });

/** Removes list entries of the row: by their `key`, in a pipeline by the column that identifies a row. */
function withoutRow(
  name: string,
  value: unknown,
  key: string,
): { value: unknown; removed: number } {
  let removed = 0;
  const column = name === RUN_FILE.pipeline ? withRows.safeParse(value).data?.rows.key : undefined;
  const isRow = (item: unknown): boolean =>
    typeof item === 'object' &&
    item !== null &&
    [column ?? 'key'].some(
      (field) => Object.hasOwn(item, field) && String(Reflect.get(item, field)) === key,
    );
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) {
      const kept = part.filter((item) => !isRow(item));
      removed += part.length - kept.length;
      return kept.map(walk);
    }
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([field, item]) => [field, walk(item)]));
  };
  return { value: walk(value), removed };
}
