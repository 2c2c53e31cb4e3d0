import { z } from 'zod';
import type { Folder } from '../store/store.ts';

/** A run on a lasting table, compared with the last one. */
export interface Night {
  openedAt: string;
  /** True if there is no table of an earlier run. */
  first: boolean;
  /** Asks for every cell once, whatever its age. */
  full: boolean;
  /** Gives the table the columns of the file, and overwrites edits at the provider. */
  applies: boolean;
  rowsNew: number;
  rowsChanged: number;
  /** Rows that are in the source no longer, those of earlier nights included. */
  rowsVanished: number;
  /** Computed columns of the file that the table did not have. */
  columnsNew: string[];
  /** Columns whose config in the file is not that of the table: they wait for `rowmill apply`. */
  columnsChanged: string[];
  /** Columns that left the file: they stay, and are not asked for. */
  columnsLeft: string[];
}

/** Names of the files in a run's folder that say how the night differs from the last one. */
export const NIGHT_FILE = {
  /** State of the lasting table before the run; `null` in it: there was none. */
  before: 'lasting-table-before.json',
  /** Rows of the source, before rows that vanished were added. */
  source: 'source-rows.jsonl',
  /** Rows that are new, changed or gone. */
  rows: 'row-changes.jsonl',
  /** The night as a whole; written last. */
  night: 'night.json',
} as const;

/** Line of `row-changes.jsonl`. */
export interface RowChangeLine {
  key: string;
  change: 'new' | 'changed' | 'vanished';
  /** Input columns that changed. Left out: none. */
  inputs?: string[];
}

export async function* rowChanges(folder: Folder): AsyncGenerator<RowChangeLine> {
  if (!(await folder.exists(NIGHT_FILE.rows))) return;
  // Written by `openNight` in this shape.
  for await (const line of folder.lines(NIGHT_FILE.rows)) yield JSON.parse(line) as RowChangeLine;
}

const texts = z.array(z.string());
const nightShape = z.object({
  openedAt: z.string(),
  first: z.boolean(),
  full: z.boolean(),
  applies: z.boolean(),
  rowsNew: z.number(),
  rowsChanged: z.number(),
  rowsVanished: z.number(),
  columnsNew: texts,
  columnsChanged: texts,
  columnsLeft: texts,
});

/** Reads the night of a run; `null`: its table is not a lasting one, or it has not begun. */
export async function readNight(folder: Folder): Promise<Night | null> {
  if (!(await folder.exists(NIGHT_FILE.night))) return null;
  return nightShape.parse(await folder.readJson(NIGHT_FILE.night));
}
