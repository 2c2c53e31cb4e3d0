import { delimiter } from 'node:path';
import { EXPORTS_FOLDER } from '../contract/names.ts';
import { realFootprint } from './footprint.ts';
import { joinPlace, resolvePlace } from './place.ts';
import { isBelow, realPlace } from './real-path.ts';

/** Folders that a worker may read rows from and write results to; its store is always one of them. */
export interface Roots {
  /** `null`: any, of the user who started run and worker in one command. */
  folders: readonly string[] | null;
  store: string;
}

/** Separates two places, and is not that of `s3://`. */
const BETWEEN = new RegExp(`${delimiter}(?!//)`);

/** `/data:s3://bucket/lists`, as `PATH` is written; empty: nothing is named. */
export const rootsIn = (text: string | undefined): string[] =>
  (text ?? '')
    .split(BETWEEN)
    .map((folder) => folder.trim())
    .filter((folder) => folder !== '')
    .map((folder) => resolvePlace('.', folder));

/**
 * Returns the reason that rows may not be read from a path, by where it leads; `null`: they may.
 */
export async function whyNotRead(path: string, { folders, store }: Roots): Promise<string | null> {
  if (folders === null) return null;
  const real = await realPlace(path);
  return (await isBelowAny(real, [...folders, store])) ? null : outside(folders);
}

/**
 * Returns the reason that results, or files beside them, may not be published at a path; `null`:
 * they may.
 */
export async function whyNotWrite(to: string, { folders, store }: Roots): Promise<string | null> {
  const inStore = await realPlace(store);
  for (const path of Object.values<string>({ ...(await realFootprint(to)) })) {
    const isExport = isBelow(joinPlace(inStore, EXPORTS_FOLDER), path);
    if (isBelow(inStore, path) && !isExport) return 'it is among the files of runs in the store';
    if (folders !== null && !isExport && !(await isBelowAny(path, folders))) {
      return outside(folders);
    }
  }
  return null;
}

async function isBelowAny(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if (isBelow(await realPlace(folder), real)) return true;
  return false;
}

const outside = (folders: readonly string[]): string =>
  `it is outside of what the worker may use: ${folders.join(', ')}`;
